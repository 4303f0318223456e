/*
 * The smallest guests, in a QEMU that tells its first signs of life: how it is started,
 * which threads its vCPUs have, and whether these are where they were asked to be.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_SMALL_GUEST_H
#define BENCH_SMALL_GUEST_H

#include "base/result.h"
#include "harness/child.h"
#include "life_signs.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace bench {

struct SmallGuest {
  std::string qemu;
  std::string image; /* of the firmware */
  unsigned vcpus;
  std::vector<std::string> prefix = {}; /* a program that starts QEMU, and its arguments */
  std::vector<std::string> more = {};   /* what else the command line holds */
};

/* Under KVM, with threads that bear their vCPU's name. */
std::vector<std::string> command_line(const SmallGuest &guest, const LifeSigns &signs);

/* One that was started; it ends with this object, if end() did not end it before. */
class StartedGuest {
public:
  /* Calls just_before once all is made ready. Fails with its error, or when the program cannot
   * be started. */
  static qemu_pin::Result<StartedGuest>
  start(const SmallGuest &guest, const std::function<qemu_pin::Result<>()> &just_before);

  LifeSigns &signs() { return signs_; }
  bool has_ended() { return program_.wait(std::chrono::milliseconds(0)).has_value(); }

  /* These wait as LifeSigns does; errors say what the program said, too. */
  qemu_pin::Result<> wait_greeting();
  qemu_pin::Result<> wait_guest();
  qemu_pin::Error explained(const qemu_pin::Error &error) const;

  /* Asks the program to end, for 5 s; qemu-pin passes that on. */
  void end();

private:
  StartedGuest(LifeSigns signs, Child program)
      : signs_(std::move(signs)), program_(std::move(program)) {}

  LifeSigns signs_; /* first, so that the program ends before its folder does */
  Child program_;
};

/* A host CPU for each vCPU: those that we may use in turn, from the last. */
qemu_pin::Result<std::vector<unsigned>> one_cpu_each(unsigned vcpus);

/* "-vcpu", "0,affinity=1", ... */
std::vector<std::string> pin_options(const std::vector<unsigned> &cpus);

/* By vCPU, from the threads' names ("CPU 0/KVM"); those that there are. That takes time: signs
 * that come meanwhile are noted. */
qemu_pin::Result<std::map<unsigned, pid_t>> vcpu_threads(pid_t process, LifeSigns &signs);

/* Whether the kernel says of every vCPU that its thread has exactly that CPU; false too when
 * one is missing. */
bool are_pinned(const std::map<unsigned, pid_t> &threads, const std::vector<unsigned> &cpus);

/* The same of the QEMU that has answered, looked at every half millisecond until it is so. When
 * that was seen; fails after 10 s. */
qemu_pin::Result<Clock::time_point> wait_pinned(LifeSigns &signs,
                                                const std::vector<unsigned> &cpus);

} // namespace bench

#endif
