/*
 * Which of the host's cores a guest's vCPUs are on, by their pins.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_GUEST_CORES_H
#define QEMU_PIN_GUEST_CORES_H

#include "check/core_index.h"
#include "check/guest_description.h"
#include "plan/topology.h"

#include <map>
#include <vector>

namespace qemu_pin {

/* Whether the guest starts with that vCPU. */
bool is_present(const GuestDescription &guest, unsigned vcpu);

/* All vCPUs that it starts with. */
CpuSet present_vcpus(const GuestDescription &guest);

/* The same guest, with the pins that libvirt gives the vCPUs without one: <vcpu cpuset>. */
GuestDescription as_started(const GuestDescription &guest);

/* The CPUs of all pins of vCPUs that are present. */
CpuSet vcpu_cpus(const GuestDescription &guest);

/* The CPUs of the emulator's and of all iothreads' pins. */
CpuSet service_cpus(const GuestDescription &guest);

/* Never changes once made. Borrows the topology's cores. */
class GuestCores {
public:
  GuestCores(const Topology &topology, const GuestDescription &guest);

  const CpuSet &present() const { return present_; }

  /* The core that all of a vCPU's CPUs are on; null if there is no such core, or no pin. */
  const Core *of(unsigned vcpu) const;

  /* The vCPUs on each core; empty unless each vCPU that is present has a core. */
  std::map<const Core *, CpuSet> vcpus() const;

  /* Whether the guest has one CPU at most of each core, and no siblings of its own. */
  bool one_per_core() const { return one_per_core_; }

private:
  CpuSet present_;
  std::map<unsigned, const Core *> core_; /* by vCPU; without those that have none */
  bool one_per_core_;
};

/* Whether threads= of -smp can tell the guest which vCPUs are siblings. on: not empty. */
bool is_even(const std::map<const Core *, CpuSet> &on);

/* Whether any of the core's CPUs is among these. */
bool touches(const Core &core, const CpuSet &cpus);

} // namespace qemu_pin

#endif
