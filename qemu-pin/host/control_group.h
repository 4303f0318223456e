/*
 * Control groups as folders: made, filled, emptied and removed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CONTROL_GROUP_H
#define QEMU_PIN_CONTROL_GROUP_H

#include "host/host.h"
#include "kernel/cpuset_group.h"

#include <optional>
#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

namespace qemu_pin {

/* Folders and files are the host's, as in "/sys/fs/cgroup/qemu-pin-host/cgroup.procs". */

/* The hierarchy whose cpusets are in use. */
std::optional<CpusetHierarchy> cpuset_hierarchy(const Host &host);

/* cgroup v2: the controllers that a group's own groups have. */
std::set<std::string> controllers_below(const Host &host, const std::string &folder);

/* The same as one line, as Host::read() has it. */
std::string controllers_line(const std::set<std::string> &controllers);

bool control_group_exists(const Host &host, const std::string &folder);

/* The folders of a group's own groups, in order. */
std::vector<std::string> control_groups_in(const Host &host, const std::string &folder);

/* False: it was there. */
Result<bool> make_control_group(const Host &host, const std::string &folder);

/* Moves what is left in it, by its file members, to the group home, and removes it. One
 * that has gone is no error. Fails when it has groups of its own. */
Result<> remove_control_group(const Host &host, const std::string &folder,
                              const std::string &members, const std::string &home);

/* The processes or threads that a file lists. */
std::vector<pid_t> ids_in(const Host &host, const std::string &file);

/* How many were, or could be, moved, and the names of those that the kernel keeps. */
struct Members {
  std::size_t moved = 0;
  std::vector<std::string> unmoved;
};

/* Members of one group that may be moved, now. from: its file that lists them. */
Members movable_members(const Host &host, const std::string &from, bool kernels_too);

/* Moves members of one group to another, files that list them, until none is left that
 * may be moved. Of the kernel's own threads those that it refuses stay. */
Result<Members> move_members(const Host &host, const std::string &from, const std::string &to,
                             bool kernels_too);

/* Is it, and is it still that process or thread? */
bool is_member(const Host &host, const std::string &file, const ThreadId &process);

/* Is that all CPUs of the cpuset that a thread is in? hierarchies: the host's. */
bool resets_to(const Host &host, const std::vector<CpusetHierarchy> &hierarchies,
               const ThreadId &thread, const CpuSet &cpus);

} // namespace qemu_pin

#endif
