/*
 * Sets in vfio-isolate's notation: host CPUs as "C0-3,8", or as a mask as the kernel prints
 * them, "C0000010f"; NUMA nodes as "N0", which also stand for their CPUs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_NODE_SET_H
#define QEMU_PIN_NODE_SET_H

#include "base/cpu_set.h"
#include "host/host.h"

#include <string>

namespace qemu_pin {

/* Never an empty set, and only what the host has; a CPU that is offline it has. Fails with
 * the piece that is wrong. What follows C or N is a list, or a mask: of groups of eight hex
 * digits that commas part, of which the first may be shorter where it cannot be a number of
 * a list. */

/* Host CPUs of C... or N... */
Result<CpuSet> read_cpu_nodes(const Host &host, const std::string &text);

/* NUMA nodes of N... */
Result<CpuSet> read_memory_nodes(const Host &host, const std::string &text);

/* Host CPUs as everywhere in qemu-pin, a CPU list, which is taken as it is; or as above. */
Result<CpuSet> read_cpus_or_nodes(const Host &host, const std::string &text);

} // namespace qemu_pin

#endif
