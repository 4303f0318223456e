/*
 * The cpuset that a thread is in: the cgroup that says which host CPUs it may use.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CPUSET_GROUP_H
#define QEMU_PIN_CPUSET_GROUP_H

#include "base/cpu_set.h"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace qemu_pin {

struct CpusetGroup {
  std::string path; /* within the hierarchy: "/machine/win11" */
  CpuSet cpus;      /* that its threads may use now */
};

/* A mounted hierarchy of control groups that may have cpusets. */
struct CpusetHierarchy {
  std::string folder; /* where it is mounted, on that host: "/sys/fs/cgroup" */
  bool is_v2;
};

/* Of cgroup v1 those that have the cpuset controller, and v2 wherever it is mounted; in the
 * order in which they were mounted. root: as below. */
std::vector<CpusetHierarchy> cpuset_hierarchies(const std::string &root = "");

/* The control group that a thread is in, within a hierarchy: "/machine/win11". Nothing when
 * it has ended. */
std::optional<std::string> control_group_of(pid_t thread, bool is_v2, const std::string &root = "");

/* Of cgroup v1 or v2, where one is mounted; nothing where none is, or the thread has
 * ended. root is "" for the live host, or a folder that holds a captured one. */
std::optional<CpusetGroup> cpuset_of(pid_t thread, const std::string &root = "");

/* The same, for who asks of many. */
std::optional<CpusetGroup> cpuset_of(pid_t thread, const std::vector<CpusetHierarchy> &hierarchies,
                                     const std::string &root = "");

} // namespace qemu_pin

#endif
