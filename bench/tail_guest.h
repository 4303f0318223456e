/*
 * One guest of tail-latency: started as its arm says, watched for a while, ended; and the
 * host as it was before.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_TAIL_GUEST_H
#define BENCH_TAIL_GUEST_H

#include "base/result.h"
#include "harness/gap_record.h"
#include "harness/guest.h"
#include "held_cpus.h"
#include "hogs.h"

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace bench {

/* Gives a guest's CPUs back if `qemu-pin run --isolate` could not. The guest must have ended. */
class Restorer {
public:
  Restorer(std::string qemu_pin, std::string cpus)
      : qemu_pin_(std::move(qemu_pin)), cpus_(std::move(cpus)) {}
  Restorer(const Restorer &) = delete;
  Restorer &operator=(const Restorer &) = delete;
  ~Restorer();

  void is_done() { done_ = true; }

private:
  std::string qemu_pin_, cpus_;
  bool done_ = false;
};

struct TailGuestSpec {
  enum class Isolation { none, by_qemu_pin, by_hand };
  bool pinned;
  bool hogs; /* one for each CPU we may use */
  Isolation isolation;
  std::string accelerator;                 /* kvm or tcg */
  std::string qemu, qemu_pin, image;       /* paths; image: of tests/guest/gaps.c */
  std::vector<unsigned> usable;            /* the host CPUs we may use, */
  std::vector<unsigned> guest, rest;       /* which are the vCPU's, and all others */
  std::chrono::milliseconds settle, watch; /* wait so long before, and watch */
};

class TailGuest {
public:
  /* spec outlives it. */
  explicit TailGuest(const TailGuestSpec &spec) : spec_(spec) {}

  /* All of it; once. Fails also when a thread was not where it should have been, by the
   * kernel, or a hog had ended. */
  qemu_pin::Result<GapRecord::Gaps> run();

private:
  qemu_pin::Result<Guest> start(const GapRecord &record);
  qemu_pin::Result<GapRecord::Gaps> watch(const GapRecord &record, Guest &guest);
  qemu_pin::Result<> pin_by_hand(pid_t process, pid_t vcpu) const;
  std::string what_is_wrong(pid_t vcpu);
  std::string stray_hog(const std::vector<unsigned> &expected) const;
  qemu_pin::Result<> end(Guest &guest);

  const TailGuestSpec &spec_;
  /* The guest itself ends before these: run() has it. */
  std::optional<Hogs> hogs_;
  std::optional<Restorer> restorer_;
  std::optional<HeldCpus> held_;
};

/* Runs it. Fails when it cannot be run, takes half a minute, or its exit status is not 0. */
qemu_pin::Result<> run_program(const std::vector<std::string> &argv);

} // namespace bench

#endif
