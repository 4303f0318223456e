/*
 * Reading a host that somebody else describes: hwloc crashes on some damaged files, and takes
 * minutes for some descriptions.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_TOPOLOGY_IN_CHILD_H
#define QEMU_PIN_TOPOLOGY_IN_CHILD_H

#include "plan/topology.h"

namespace qemu_pin {

/* As read_topology(), in a child process under limits of memory and time. This host, and a
 * description of few CPUs, are read in this process. Fails as read_topology(), when the child
 * crashes or reaches a limit, and for a description of more CPUs than Linux can have. */
Result<Topology> read_topology_in_child(const TopologySource &source, bool with_xml = false);

} // namespace qemu_pin

#endif
