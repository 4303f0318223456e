/*
 * Groups of cgroup v2 whose cpusets are to be inherited again. The kernel empties no set of
 * a group that has processes, or has some below it (ENOSPC). But when the group above takes
 * the controller from its groups, all their sets go.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CPUSET_INHERITANCE_H
#define QEMU_PIN_CPUSET_INHERITANCE_H

#include "host/host.h"

#include <optional>
#include <string>
#include <vector>

namespace qemu_pin {

/* Would nothing be lost but these sets, if the group above took the controller from its
 * groups and gave it back? files: sets of groups in that folder. */
bool may_reset_cpusets(const Host &host, const std::string &folder,
                       const std::vector<std::string> &files);

/* What its subtree_control is meanwhile. */
std::string without_cpusets(const Host &host, const std::string &folder);

/* Does so. Threads keep masks of their own, which the kernel forgets before 6.2. */
Result<> reset_cpusets(const Host &host, const std::string &folder);

/* Gives a group the set that its parent has now, which is as good until that changes. */
Result<> copy_parents_set(const Host &host, const std::string &file);

} // namespace qemu_pin

#endif
