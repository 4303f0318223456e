/*
 * Faults in the pins of threads that are no vCPUs: the emulator's and the iothreads'.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_SERVICE_FAULTS_H
#define QEMU_PIN_SERVICE_FAULTS_H

#include "check/guest_cores.h"
#include "check/judgement.h"

namespace qemu_pin {

void judge_services(const Topology &topology, const GuestDescription &guest,
                    const GuestCores &cores, Judgement &judgement);

} // namespace qemu_pin

#endif
