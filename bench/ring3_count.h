/*
 * How many instructions the vCPUs of a spinning guest (tests/guest/spin.S) had run when they
 * were pinned: counted by the guest itself, where the host has no counters for it.
 *
 * In ring 3 each vCPU counts its turns in RAX, two instructions a turn. It is stopped soon
 * after the pin, which is too late; so it is let run on, and stopped again, which gives its
 * pace, and from that what it did between pin and stop.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_RING3_COUNT_H
#define BENCH_RING3_COUNT_H

#include "base/result.h"
#include "kernel_trace.h"
#include "life_signs.h"
#include "machine/qmp.h"

#include <cstdint>
#include <map>
#include <span>
#include <sys/types.h>

namespace bench {

class Ring3Count {
public:
  /* Right after the pins. Stops the guest, lets it run until each vCPU has run, for 50 ms or
   * more, stops it again, and lets it run on. */
  static qemu_pin::Result<Ring3Count> take(qemu_pin::Qmp &monitor);

  /* Of all vCPUs together. The trace goes from their creation to the second stop. Fails when a
   * vCPU that was in ring 3 did not run between the stops. */
  qemu_pin::Result<double> before_pins(std::span<const TraceEvent> events,
                                       const std::map<unsigned, pid_t> &threads) const;

private:
  struct Stop {
    std::int64_t us = 0;                          /* by then all vCPUs stood */
    std::map<unsigned, std::uint64_t> turns = {}; /* 0 of one that was not in ring 3 yet */
  };
  static qemu_pin::Result<Stop> stop(qemu_pin::Qmp &monitor);

  Stop first_, second_;
};

} // namespace bench

#endif
