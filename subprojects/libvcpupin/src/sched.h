/*
 * How the kernel schedules a thread: policy and priority.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VCPUPIN_SCHED_H
#define VCPUPIN_SCHED_H

#include "vcpupin-result.h"
#include "vcpupin.h"

#include <optional>
#include <string>

namespace vcpupin {

struct Sched : vcpupin_sched {
  bool operator==(const Sched &other) const {
    return policy == other.policy && priority == other.priority;
  }
  bool real_time() const { return priority != 0; }
};

/* From the values of sched= and priority=, of which either may be missing. See
 * vcpupin_request. */
Result<Sched> parse_sched(const char *policy, const char *priority, const Sched &start);

const char *policy_name(int policy);

/* For a message: "fifo, priority 10", "other". */
std::string name_sched(const Sched &sched);

Result<Sched> read_sched(int thread);

/* Does nothing where the thread has it already. */
Result<> apply_sched(int thread, const Sched &asked);

} // namespace vcpupin

#endif
