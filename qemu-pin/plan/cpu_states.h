/*
 * Which CPUs of a host planning leaves out, and why; and which the kernel isolates.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CPU_STATES_H
#define QEMU_PIN_CPU_STATES_H

#include "base/cpu_set.h"
#include "host/host.h"

#include <string>

namespace qemu_pin {

/* Those of unusable that are offline. Those that the host has online this process's cpuset
 * does not have. */
CpuSet offline_cpus(const Host &host, const CpuSet &unusable);

/* CPUs that the running kernel keeps its scheduler or its timer tick off: isolcpus, nohz_full,
 * and isolated partitions of cgroup v2. */
CpuSet isolated_cpus(const Host &host);

} // namespace qemu_pin

#endif
