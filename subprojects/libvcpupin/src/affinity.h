/*
 * The host CPUs that a thread may run on, as the kernel has them. On another
 * system than Linux every function fails and says so.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VCPUPIN_AFFINITY_H
#define VCPUPIN_AFFINITY_H

#include "cpu_set.h"
#include "vcpupin-result.h"

#include <optional>

namespace vcpupin {

/* sched_getaffinity(2): the online ones of the CPUs in the thread's mask. */
Result<CpuSet> read_affinity(int thread);

/* The widest mask that the kernel lets this process have: its cpuset. Where
 * changing affinity is forbidden, the calling thread's mask. */
Result<CpuSet> read_widest_affinity();

/* See vcpupin_apply_cpus. */
Result<> apply_affinity(int thread, const CpuSet &asked);

} // namespace vcpupin

#endif
