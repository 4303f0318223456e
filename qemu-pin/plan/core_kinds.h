/*
 * A host's kinds of core, by what hwloc, Linux's lists of Intel's cores and /proc/cpuinfo tell.
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
