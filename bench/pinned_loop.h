/*
 * The least that pinned threads can cost: made one after the other, as QEMU makes its vCPUs,
 * by a program that does nothing else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_PINNED_LOOP_H
#define BENCH_PINNED_LOOP_H

#include "base/result.h"

#include <optional>
#include <vector>

namespace bench {

struct PinnedLoop {
  std::vector<unsigned> cpus; /* a thread for each */
  bool pins;                  /* each thread calls sched_setaffinity, first thing */

  /* Makes the threads, each when the one before says that it is there; ends all of them
   * when the last has. In the kernel's trace each then asks for a vCPU (and is refused), as
   * QEMU's do at that point. Fails when the kernel refuses a mask. */
  qemu_pin::Result<> run() const;
};

} // namespace bench

#endif
