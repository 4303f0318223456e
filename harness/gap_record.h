/*
 * The RAM of a guest that runs tests/guest/gaps.c, read along: when it did not run.
 *
 * The RAM is memory that QEMU and we share, so that reading costs the guest nothing: no exit,
 * no monitor. It goes with this object.
 *
 *     auto record = GapRecord::make();
 *     spec.more = record->options();
 *     auto guest = Guest::start(spec);
 *     record->wait_recording(0, 10s);
 *     const auto from = record->read(0);
 *     ...
 *     auto gaps = record->since(from);
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HARNESS_GAP_RECORD_H
#define HARNESS_GAP_RECORD_H

#include "base/result.h"
#include "gap_layout.h"
#include "harness/delays.h"
#include "harness/memory_file.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

class GapRecord {
public:
  /* What the guest writes down: longer than any loop of its own, shorter than what an
   * interrupt of the host's takes. */
  static constexpr std::chrono::microseconds threshold{1};

  /* What is longer than that is a gap. Fails without the memory, and on a host whose TSC
   * does not count. */
  static qemu_pin::Result<GapRecord> make(std::chrono::nanoseconds longer_than = threshold);

  /* For the command line of a QEMU with 16 MiB of RAM. It works while we live. */
  std::vector<std::string> options() const { return as_guest_ram(ram_); }

  /* False when the time is up. */
  bool wait_recording(unsigned vcpu, std::chrono::milliseconds timeout) const;

  /* The counters of one vCPU at one moment, and that moment by the host's clocks. */
  struct Reading {
    unsigned vcpu;
    std::uint64_t guest_tsc, loops, gaps;
    std::array<GapBucket, GAP_BUCKETS> buckets;
    std::uint64_t host_tsc;
    std::chrono::steady_clock::time_point time;
  };
  /* As soon as it runs; as it was left if it never began, or does not run for as long as patience
   * lasts. */
  Reading read(unsigned vcpu) const;

  /* What happened from then to now. Gaps that began earlier count from then. When more
   * happened than the guest can list, lengths are means of the guest's buckets (four to a
   * doubling), and complete is false. Fails when the guest's TSC does not
   * tick as the host's, by which ticks become microseconds. */
  struct Gaps {
    Delays delays;
    double loops_per_second;
    bool complete;
  };
  qemu_pin::Result<Gaps> since(const Reading &from) const;

private:
  explicit GapRecord(MemoryFile ram) : ram_(std::move(ram)) {}
  volatile GapArea &area(unsigned vcpu) const;

  MemoryFile ram_;
};

#endif
