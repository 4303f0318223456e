/*
 * Which host was read, and what it is: a line for people.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_HOST_LINE_H
#define QEMU_PIN_HOST_LINE_H

#include "plan/topology.h"

#include <map>
#include <string>

namespace qemu_pin {

/* "this host: 8 cores, 16 CPUs (2 hyperthreads a core), 2 L3s, 1 NUMA node", then what is
 * unusual: several kinds of core, nodes with only memory or only CPUs, CPUs that are offline, not
 * allowed or isolated. Without a newline. */
std::string host_line(const TopologySource &source, const Topology &topology);

/* "6 performance cores (P-cores) and 8 efficiency cores (E-cores)"; cores: how many of each kind.
 */
std::string kinds_text(const Topology &topology, const std::map<unsigned, unsigned> &cores);

/* What a kind of core is called: "performance core". */
std::string kind_name(const Topology &topology, unsigned kind);

/* What people call it: "P-core", "E-core", "LP E-core"; on Arm "big", "LITTLE", and "" for the
 * kinds between. */
std::string known_as(const Topology &topology, unsigned kind);

} // namespace qemu_pin

#endif
