/*
 * vfio-isolate's commands for cpusets, planned. Their groups are of the hierarchy that has
 * cpusets: cgroup v1's where it is mounted, else v2. A slice that systemd has made under
 * cgroup v2 gets its sets from systemd, which would put its own back otherwise.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_VFIO_CPUSETS_H
#define QEMU_PIN_VFIO_CPUSETS_H

#include "isolation/steps/step.h"
#include "vfio/vfio_commands.h"

namespace qemu_pin {

/* Is it cgroup v2 that has this host's cpusets? */
bool has_cpusets_v2(const Host &host);

/* All fail when there are no cpusets, or the group is not there, or, to be made, is there.
 */

/* cgroup v1: with the parent's CPUs and nodes where none are given, as it needs some. */
Result<StepPlan> plan_cpuset_create(const Host &host, const CpusetCreate &command);
Result<StepPlan> plan_cpuset_modify(const Host &host, const CpusetModify &command);

/* Moves its members to its parent; then it may be deleted. */
Result<StepPlan> plan_cpuset_emptying(const Host &host, const CpusetDelete &command);
/* What is kept of it is what cpusets have: its limits of other kinds are not. */
Result<StepPlan> plan_cpuset_delete(const Host &host, const CpusetDelete &command);

/* Members that are moved go back one by one, unless the group they are in now is one of the
 * journal's that goes, with its members to the group they are from. */
Result<StepPlan> plan_move_tasks(const Host &host, const MoveTasks &command,
                                 const JournalContent &journal);

} // namespace qemu_pin

#endif
