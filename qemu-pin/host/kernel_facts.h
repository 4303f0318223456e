/*
 * What a host's kernel and its daemons do with threads, interrupts and control groups.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_KERNEL_FACTS_H
#define QEMU_PIN_KERNEL_FACTS_H

#include "host/host.h"
#include "host/host_fact.h"

namespace qemu_pin {

/* The facts are cgroup, numad, irqbalance, sched_ext, core-sched, halt-poll, steps and limits. */
HostFacts kernel_facts(const Host &host);

} // namespace qemu_pin

#endif
