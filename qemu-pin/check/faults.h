/*
 * Judges a guest's pins on a host. Nothing here says how faults are mended.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_FAULTS_H
#define QEMU_PIN_FAULTS_H

#include "check/guest_description.h"
#include "check/judgement.h"
#include "plan/topology.h"

namespace qemu_pin {

/* Judges where the vCPUs are, what the guest is told of them, where the emulator and the
 * iothreads are, the CPU model, and options that cannot be read. Kinds in
 * GuestDescription::accepted are no faults. */
Judgement judge(const Topology &topology, const GuestDescription &guest);

} // namespace qemu_pin

#endif
