/*
 * What else runs on a machine's host CPUs: threads of other processes and the
 * kernel's own, and interrupts, seen by looking again and again.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_STRANGERS_H
#define QEMU_PIN_STRANGERS_H

#include "base/cpu_set.h"
#include "host/host.h"
#include "kernel/interrupts.h"
#include "kernel/procfs.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace qemu_pin {

struct Stranger {
  pid_t process;
  ThreadId thread;
  std::string name;
  CpuSet cpus;          /* of those watched, where it was seen */
  std::uint64_t run_ns; /* its time on CPUs between looks at which it was there */
  bool is_bound;        /* one of the kernel's own that nobody may move */
};

class Strangers {
public:
  /* guests: processes whose threads belong there. Our own are left out too. */
  Strangers(Host host, CpuSet cpus, std::set<pid_t> guests)
      : host_(std::move(host)), cpus_(std::move(cpus)), guests_(std::move(guests)) {}

  /* One look at every thread of the host: some ten microseconds each. */
  void look();

  /* Threads that were runnable there, or had run there since the look before: whoever
   * had most time first. One that came and went between two looks is not seen. */
  std::vector<Stranger> threads() const;

  /* Since the first look. */
  std::vector<Interrupt> interrupts() const;

  /* From the first look to the last. */
  std::chrono::nanoseconds time() const { return last_ - first_; }

private:
  void look_at(pid_t process, pid_t thread, std::map<ThreadId, ThreadUsage> &now);

  Host host_;
  CpuSet cpus_;
  std::set<pid_t> guests_;
  std::map<ThreadId, ThreadUsage> former_; /* threads that were there at the last look */
  std::map<ThreadId, Stranger> found_;
  std::vector<Interrupt> first_interrupts_, last_interrupts_;
  std::chrono::steady_clock::time_point first_, last_;
};

} // namespace qemu_pin

#endif
