/*
 * Kinds of core, the fastest first: performance and efficiency cores, big and LITTLE ones.
 *
 * What tells two kinds apart, the first that a host has:
 *  - Linux's lists of Intel's cores, /sys/devices/cpu_{core,atom,lowpower}/cpus, or the same
 *    by CPUID, which hwloc reads ("CoreType"). Performance cores are one kind, however far
 *    their top frequencies differ; efficiency cores without an L3, or more than 15% below
 *    the others, are low-power ones;
 *  - the design: the part number of Arm's cores, the size of the L1 data cache;
 *  - Linux's cpu_capacity, or else the top frequency: a kind is what is within 15% of its
 *    fastest. Cores that a CPU favours differ by less.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CORE_KINDS_H
#define QEMU_PIN_CORE_KINDS_H

#include "host/host.h"
#include "plan/hwloc_topology.h"

#include <vector>

namespace qemu_pin {

class CoreKinds {
public:
  /* host: where the files are that hwloc does not read; null: there are none. */
  CoreKinds(hwloc_topology_t topology, const Host *host, bool is_arm);

  /* At least 1. */
  unsigned count() const { return kinds_.empty() ? 1 : static_cast<unsigned>(kinds_.size()); }

  /* Of the core that has these CPUs. */
  unsigned of(hwloc_const_cpuset_t cpus) const;

private:
  std::vector<Bitmap> kinds_;
};

} // namespace qemu_pin

#endif
