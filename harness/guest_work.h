/*
 * The guest work.c, run once: how long its vCPUs take for a fixed amount of work.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HARNESS_GUEST_WORK_H
#define HARNESS_GUEST_WORK_H

#include "base/result.h"

#include <cstdint>
#include <string>
#include <vector>

struct WorkSpec {
  std::string qemu, accelerator;       /* its path; value of -accel */
  std::string image;                   /* work.bin */
  unsigned vcpus;                      /* at most WORK_MAX_VCPUS (work.h) */
  std::uint64_t rounds;                /* for each of them */
  std::vector<std::string> more = {};  /* of QEMU's command line, such as -vcpu */
  std::vector<unsigned> affinity = {}; /* host CPUs QEMU is started on; empty: as ours */
};

struct WorkTimes {
  /* From when all were told to go until the first and the last were seen to be done, in
   * seconds by our clock; seen within a millisecond. */
  double first, last;
  std::vector<std::uint64_t> results; /* by vCPU: what it worked out */
};

/* Fails when QEMU does not start, or when it ends, or is not done in a minute. */
qemu_pin::Result<WorkTimes> run_work(const WorkSpec &spec);

/* What a guest has to work out, done by ourselves. */
std::vector<std::uint64_t> expected_results(unsigned vcpus, std::uint64_t rounds);

#endif
