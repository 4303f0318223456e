/*
 * Faults in how far apart a guest's vCPUs are, from each other and from their memory, and in the
 * kinds of core that they are on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_LOCALITY_FAULTS_H
#define QEMU_PIN_LOCALITY_FAULTS_H

#include "check/guest_cores.h"
#include "check/judgement.h"

namespace qemu_pin {

void judge_locality(const Topology &topology, const GuestDescription &guest,
                    const GuestCores &cores, Judgement &judgement);

/* The cores that the guest could have: those with CPUs that its vCPUs may be on, without those of
 * the emulator's and iothreads' pins, unless these and the vCPUs have all cores. */
std::vector<const Core *> cores_for_guest(const Topology &topology, const GuestDescription &guest);

} // namespace qemu_pin

#endif
