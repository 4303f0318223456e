/*
 * The core of each host CPU, found at once: Topology::core_of() walks all cores.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CORE_INDEX_H
#define QEMU_PIN_CORE_INDEX_H

#include "plan/topology.h"

#include <vector>

namespace qemu_pin {

/* Borrows the topology. */
class CoreIndex {
public:
  explicit CoreIndex(const Topology &topology) : topology_(&topology) {
    for (const Core &core : topology.cores) {
      if (cores_.size() <= core.cpus.back())
        cores_.resize(core.cpus.back() + 1);
      for (unsigned cpu : core.cpus)
        cores_[cpu] = &core;
    }
  }

  /* Null for a CPU that may not be used. */
  const Core *of(unsigned cpu) const { return cpu < cores_.size() ? cores_[cpu] : nullptr; }
  const CacheDomain &domain_of(const Core &core) const { return topology_->domains[core.domain]; }

private:
  const Topology *topology_;
  std::vector<const Core *> cores_;
};

} // namespace qemu_pin

#endif
