/*
 * What a guest is to get of a host.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PLACEMENT_REQUEST_H
#define QEMU_PIN_PLACEMENT_REQUEST_H

#include "plan/placement_cost.h"
#include "plan/topology.h"

#include <optional>
#include <set>

namespace qemu_pin {

struct PlacementRequest {
  std::optional<unsigned> vcpus; /* none: one on each thread that there is room for */
  unsigned reserve_cores = 0;    /* whole cores for the host */
  CpuSet reserve;                /* CPUs for the host; not together with reserve_cores */
  CpuSet nodes;                  /* NUMA nodes that the guest may be on; empty: any */
  std::set<CoreKind> kinds;      /* of core that the guest may be on; empty: any */
  bool split_cores = false;      /* a core's threads may go to guest and host */
  bool overcommit = false;       /* more vCPUs than CPUs */
  CostRules rules;
};

} // namespace qemu_pin

#endif
