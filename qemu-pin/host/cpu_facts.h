/*
 * What a host does with its CPUs: which can be used, and how soon and how fast they run.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CPU_FACTS_H
#define QEMU_PIN_CPU_FACTS_H

#include "base/cpu_set.h"
#include "host/host.h"
#include "host/host_fact.h"

namespace qemu_pin {

/* usable: those that this process may use. The facts are cpus, isolated, governor and
 * c-states. */
HostFacts cpu_facts(const Host &host, const CpuSet &usable);

} // namespace qemu_pin

#endif
