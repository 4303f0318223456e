/*
 * The step cpuset: control groups keep the rest of the host off the CPUs.
 *
 * cgroup v2: the groups at the top get all other CPUs, and the processes that are in none
 * a group that has those; where systemd runs the host, it is told so (AllowedCPUs). cgroup
 * v1: all groups, deepest first, and the threads that are in none. What libvirt runs its
 * guests in (machine.slice, machine) is left as it is, and so are the groups of guests
 * with CPUs of their own. Threads that had a mask of their own have it without the CPUs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_STEPS_CPUSET_H
#define QEMU_PIN_STEPS_CPUSET_H

#include "isolation/steps/step.h"

namespace qemu_pin {

/* Fails when the host would be left without a memory node, and on what its version of
 * control groups cannot do. */
Result<StepPlan> plan_cpuset(const Host &host, const IsolationRequest &request,
                             const JournalContent &journal);

/* The folder of the guest's control group; "" when none is asked for, or there are no
 * cpusets. */
std::string guest_group(const Host &host, const IsolationRequest &request);

} // namespace qemu_pin

#endif
