/*
 * The CPUs of the NUMA nodes that a launcher names, where the host is known.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_START_NODES_H
#define QEMU_PIN_START_NODES_H

#include "check/guest_description.h"
#include "plan/topology.h"

namespace qemu_pin {

/* Makes a start_set of start_nodes, if there are any. A node that the host does not have, or
 * that has no CPUs that may be used, becomes an error of the guest's. */
void resolve_start_nodes(const Topology &topology, GuestDescription &guest);

} // namespace qemu_pin

#endif
