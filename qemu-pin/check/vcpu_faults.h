/*
 * Faults in the vCPUs' pins themselves: CPUs that cannot be used, vCPUs without a pin or without
 * enough CPUs, and siblings.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_VCPU_FAULTS_H
#define QEMU_PIN_VCPU_FAULTS_H

#include "check/guest_cores.h"
#include "check/judgement.h"

namespace qemu_pin {

void judge_vcpus(const Topology &topology, const GuestDescription &guest, const GuestCores &cores,
                 Judgement &judgement);

/* "CPUs 4-5 are offline; CPU 99 is absent from this host"; "" if all may be used. */
std::string why_unusable(const Topology &topology, const CpuSet &cpus);

} // namespace qemu_pin

#endif
