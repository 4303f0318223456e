/*
 * A domain's NUMA cells, and the host's nodes that its memory comes from.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_LIBVIRT_MEMORY_H
#define QEMU_PIN_LIBVIRT_MEMORY_H

#include "check/guest_description.h"

#include <pugixml.hpp>

namespace qemu_pin {

/* Fills numa_nodes and memory from <cpu><numa> and <numatune>, and adds errors and notes. The
 * nodeset of <hugepages> is no matter: it names cells, not the host's nodes. */
void read_libvirt_memory(const pugi::xml_node &domain, GuestDescription &guest);

} // namespace qemu_pin

#endif
