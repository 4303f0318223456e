/*
 * --topology, --fsroot, --synthetic and --lscpu: which host a subcommand is about.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_TOPOLOGY_OPTIONS_H
#define QEMU_PIN_TOPOLOGY_OPTIONS_H

#include "commands/command_line.h"
#include "plan/topology.h"

namespace qemu_pin {

/* Adds them to a subcommand, as one group; at most one of them may be given. */
void add_topology_options(const Command &subcommand, TopologySource &source);

} // namespace qemu_pin

#endif
