/*
 * What a placement of vCPUs costs: a sum of documented terms, of which planning
 * finds the least.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PLACEMENT_COST_H
#define QEMU_PIN_PLACEMENT_COST_H

#include "plan/topology.h"

#include <array>
#include <cstdint>
#include <vector>

namespace qemu_pin {

/* Which of the terms below count, and how. */
struct CostRules {
  bool spread_l3 = false; /* pairs within an L3 cost, instead of pairs across */
  bool prefer_big_cache = false;
  bool one_per_core = false; /* a core with one vCPU is not a split one */
  bool any_core = false;     /* all kinds of core are alike; else the faster come first */
};

/* Weights, from what must not be to what is nice to have. Each term is a count
 * times its weight; a vCPU stands for the host CPU it is pinned to. */
namespace weight {
inline constexpr std::int64_t no_memory = 100'000'000;  /* a vCPU on a node without memory for it */
inline constexpr std::int64_t slower_core = 10'000'000; /* a vCPU, for each kind that is faster */
inline constexpr std::int64_t split_core =
    1'000'000;                                    /* a core of which only some threads are used */
inline constexpr std::int64_t uneven = 1'000'000; /* once, if used cores differ in threads used */
inline constexpr std::int64_t smaller_cache =
    100'000; /* a vCPU whose L3 is not of the largest size */
inline constexpr std::int64_t fast_reserve = 10'000; /* a reserved core, for each kind slower */
inline constexpr std::int64_t large_reserve =
    10'000; /* a reserved core that has an L3 of the largest size, if vCPUs are to have those */
inline constexpr std::int64_t device_step = 1'000; /* a vCPU, for each step from the device */
inline constexpr std::int64_t package_pair = 100;  /* two vCPUs in different packages */
inline constexpr std::int64_t node_pair = 30;      /* ... on different NUMA nodes */
inline constexpr std::int64_t l3_pair = 10;     /* ... with different L3s; spread: with the same */
inline constexpr std::int64_t cluster_pair = 2; /* ... in different clusters; spread: in one */
inline constexpr std::int64_t host_step = 1;    /* a vCPU, for each step from the reserved CPUs */
} // namespace weight

struct CostTerm {
  const char *name; /* for people: "pairs of vCPUs across NUMA nodes" */
  std::int64_t weight;
  std::int64_t count;
};
using CostTerms = std::array<CostTerm, 13>;

/* Of vCPUs on these host CPUs, one each, with these reserved. */
CostTerms cost_terms(const Topology &topology, const CostRules &rules, const CpuSet &vcpus,
                     const CpuSet &reserved);

std::int64_t total(const CostTerms &terms);

/* The part of the cost that the reserved cores make, wherever the vCPUs are. */
std::int64_t reserve_cost(const Topology &topology, const CostRules &rules, const CpuSet &reserved);

/* Whether some cores share an L2 or a cluster id with some of their domain only. */
bool has_clusters(const Topology &topology);

/* Steps from each domain to the nearest of those CPUs: 0 the same domain, 1 the same
 * node, 2 the same package, 3 another; 0 for all when there are none. */
std::vector<unsigned> steps_from(const Topology &topology, const CpuSet &cpus);

/* Whether each domain has an L3 of the host's largest size. */
std::vector<bool> has_largest_cache(const Topology &topology);

} // namespace qemu_pin

#endif
