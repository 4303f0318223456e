/*
 * The search: how many vCPUs on which kind of core of each cache domain, so that
 * the placement's cost (placement_cost.h) is the least. Exact, by dynamic
 * programming over the tree of packages, nodes, domains and clusters: a group's best cost
 * for each number of vCPUs comes of its parts'. Within a cluster, cores of one kind
 * and one number of threads are alike.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PACKING_H
#define QEMU_PIN_PACKING_H

#include "plan/placement_cost.h"
#include "plan/topology.h"

#include <optional>
#include <vector>

namespace qemu_pin {

/* A core that the guest may have, with the threads that it may have of it. */
struct FreeCore {
  const Core *core; /* borrowed */
  std::vector<unsigned> cpus;
};

struct Packing {
  std::int64_t cost; /* comparable between packings of as many vCPUs on one host */
  std::vector<std::vector<unsigned>> cores; /* the CPUs of each core used, in the order of free */
};

/* The least costly way to put vcpus on free, which is in Topology::cores' order, or
 * nothing if there is no room. */
std::optional<Packing> pack(const Topology &topology, const CostRules &rules,
                            const std::vector<FreeCore> &free, const CpuSet &reserved,
                            unsigned vcpus);

} // namespace qemu_pin

#endif
