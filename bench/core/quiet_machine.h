/*
 * Whether the machine is quiet enough to measure on: how much of its CPUs' time something
 * has used, hypervisors' other guests too (steal), by /proc/stat (proc(5)).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_CORE_QUIET_MACHINE_H
#define BENCH_CORE_QUIET_MACHINE_H

#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace bench {

/* Of all CPUs together, in clock ticks since boot. */
struct CpuTime {
  std::uint64_t busy, idle;
};

/* The first line of a file like /proc/stat; guest time is in user's already. */
qemu_pin::Result<CpuTime> read_cpu_time(const std::string &path = "/proc/stat");

/* 0..1; 0 if no tick has passed. */
double busy_share(const CpuTime &before, const CpuTime &after);

/* Looks until less than this share was in use for one look, or the time is up. Fails only
 * when /proc/stat cannot be read; else how many looks were not quiet, or nothing if none was. */
struct QuietGate {
  double at_most = 0.05;
  std::chrono::milliseconds look{300};
  std::chrono::milliseconds patience{60'000};
};
struct GateResult {
  bool quiet;
  unsigned busy_looks;
};
qemu_pin::Result<GateResult> wait_until_quiet(const QuietGate &gate);

} // namespace bench

#endif
