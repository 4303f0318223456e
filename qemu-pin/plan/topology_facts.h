/*
 * What a host's topology is worth knowing for pins.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_TOPOLOGY_FACTS_H
#define QEMU_PIN_TOPOLOGY_FACTS_H

#include "host/host_fact.h"
#include "plan/topology.h"

namespace qemu_pin {

/* The facts are smt, kinds, l3 and nodes. */
HostFacts topology_facts(const Topology &topology);

} // namespace qemu_pin

#endif
