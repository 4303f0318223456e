/*
 * Where the emulator and the iothreads should be, beside vCPUs that stay where they are.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_SERVICE_PINS_H
#define QEMU_PIN_SERVICE_PINS_H

#include "check/guest_description.h"
#include "plan/topology.h"

#include <optional>
#include <string>

namespace qemu_pin {

/* The CPUs that an iothread or, without a name, the emulator runs on: its pin, or what it inherits.
 * No value: any. libvirt's iothreads do not inherit the emulator's pin. */
std::optional<CpuSet> cpus_of_service(const GuestDescription &guest, const std::string &iothread);

/* The CPUs of those cores without vCPUs that serve best: what is left of the old pin, if anything
 * is; else of the start set; else those not isolated, on the vCPUs' node or package, of the
 * slowest kind, on the vCPUs' L3, in this order. Cores of vCPUs that may be plugged later only if
 * there are no others. Empty if each core has vCPUs. */
CpuSet cpus_for_services(const Topology &topology, const GuestDescription &guest,
                         const CpuSet &old_pin);

/* The guest with pins of the emulator and the iothreads that share no core with vCPUs. Those that
 * are right stay; so do all if there is no core for them. */
GuestDescription with_services_mended(const Topology &topology, const GuestDescription &guest);

} // namespace qemu_pin

#endif
