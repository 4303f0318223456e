/*
 * vCPUs whose pins are sets of several CPUs, or the same CPU: which must share, and which may meet.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PIN_SETS_H
#define QEMU_PIN_PIN_SETS_H

#include "check/guest_description.h"

#include <map>
#include <vector>

namespace qemu_pin {

/* vCPUs, and all CPUs that their pins have. */
struct VcpuGroup {
  CpuSet vcpus, cpus;
};

/* Of the vCPUs that are present. */
class PinSets {
public:
  explicit PinSets(const GuestDescription &guest);

  /* Those that have fewer CPUs between them than they are, apart from each other: Hall's condition
   * fails. By their lowest vCPU. */
  const std::vector<VcpuGroup> &crowds() const { return crowds_; }

  /* The vCPUs of one pin; without those of crowds. */
  const std::map<CpuSet, CpuSet> &vcpus_of() const { return vcpus_of_; }

  /* The vCPUs, not of crowds, whose pins differ and have CPUs in common; and those CPUs. */
  const VcpuGroup &overlap() const { return overlap_; }

private:
  std::vector<VcpuGroup> crowds_;
  std::map<CpuSet, CpuSet> vcpus_of_;
  VcpuGroup overlap_;
};

} // namespace qemu_pin

#endif
