/*
 * What somebody without qemu-pin does to keep the host off a guest's CPU: cpusets made,
 * interrupts and workqueues moved, by writing to the kernel's files (cgroup version 1). It
 * is the peer that `qemu-pin isolate` is measured against, so it shares no code with it.
 *
 * A process of its own makes the changes, waits for this object to go, or for us to be
 * killed, and undoes them; its guest must have ended by then.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_HELD_CPUS_H
#define BENCH_HELD_CPUS_H

#include "base/fd.h"
#include "base/result.h"
#include "harness/child.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

class HeldCpus {
public:
  /* Why it cannot be done on this host, or nothing. */
  static std::optional<std::string> why_not();

  /* From now on everything but the guest's group runs on the CPUs rest alone, we too; the
   * guest's group may use those and guest. Host CPU numbers, neither empty. Call it while we
   * have one thread. Fails with the host as it was. */
  static qemu_pin::Result<HeldCpus> hold(const std::vector<unsigned> &guest,
                                         const std::vector<unsigned> &rest);

  HeldCpus(HeldCpus &&) noexcept = default;
  HeldCpus &operator=(HeldCpus &&) = delete;
  HeldCpus(const HeldCpus &) = delete;
  /* Returns when all is undone. */
  ~HeldCpus();

  /* The folder of the cgroup to start the guest in. */
  static std::string guest_group();

private:
  HeldCpus(qemu_pin::Fd lifeline, Child keeper)
      : lifeline_(std::move(lifeline)), keeper_(std::move(keeper)) {}

  qemu_pin::Fd lifeline_; /* the keeper reads its end */
  Child keeper_;
};

/* As the kernel reads them: "0,2,3" and "d". */
std::string list_text(const std::vector<unsigned> &cpus);
std::string mask_text(const std::vector<unsigned> &cpus);

} // namespace bench

#endif
