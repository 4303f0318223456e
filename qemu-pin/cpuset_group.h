/*
 * The cpuset that a thread is in: the cgroup that says which host CPUs it may use.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CPUSET_GROUP_H
#define QEMU_PIN_CPUSET_GROUP_H

#include "cpu_set.h"

#include <optional>
#include <string>
#include <sys/types.h>

namespace qemu_pin {

struct CpusetGroup {
  std::string path; /* within the hierarchy: "/machine/win11" */
  CpuSet cpus;      /* that its threads may use now */
};

/* Of cgroup v1 or v2, where one is mounted; nothing where none is, or the thread has
 * ended. root is "" for the live host, or a folder that holds a captured one. */
std::optional<CpusetGroup> cpuset_of(pid_t thread, const std::string &root = "");

} // namespace qemu_pin

#endif
