/*
 * What a guest is bound to: the CPUs that its vCPUs may be on, whatever their pins are.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_BOUNDS_H
#define QEMU_PIN_BOUNDS_H

#include "check/guest_description.h"
#include "plan/topology.h"

namespace qemu_pin {

/* The CPUs that may be used and
 * - that a launcher or <vcpu cpuset> names, unless the vCPUs' pins all lie elsewhere;
 * - that the running kernel isolates, if one of the pins is there, or no vCPU has a pin; without
 *   the isolated ones otherwise: they are another guest's.
 * A rule that would leave fewer CPUs than the guest has vCPUs does not count. */
CpuSet cpus_for_vcpus(const Topology &topology, const GuestDescription &guest);

/* The NUMA nodes of the host that a vCPU's memory comes from and that have CPUs; empty: any. */
CpuSet memory_nodes(const Topology &topology, const GuestDescription &guest, unsigned vcpu);

/* The vCPUs of each NUMA node that the guest sees; one set of all if it sees none, or one. Only
 * vCPUs that are present; each is in one set, and no set is empty. */
std::vector<CpuSet> guest_cells(const GuestDescription &guest);

/* The host's cores that have these CPUs only, with these CPUs only. */
Topology restricted(const Topology &topology, const CpuSet &cpus);

} // namespace qemu_pin

#endif
