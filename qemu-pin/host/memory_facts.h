/*
 * A host's memory, by NUMA node.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_MEMORY_FACTS_H
#define QEMU_PIN_MEMORY_FACTS_H

#include "host/host.h"
#include "host/host_fact.h"

namespace qemu_pin {

/* The facts are memory and hugepages. */
HostFacts memory_facts(const Host &host);

} // namespace qemu_pin

#endif
