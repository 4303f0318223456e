/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/placement_cost.h"

#include <algorithm>
#include <map>

namespace qemu_pin {

namespace {

std::int64_t pair_count(std::int64_t count) {
  return count * (count - 1) / 2;
}

template <typename Key> std::int64_t pairs_within(const std::map<Key, std::int64_t> &groups) {
  std::int64_t sum = 0;
  for (const auto &[key, count] : groups)
    sum += pair_count(count);
  return sum;
}

/* Reserved cores of a kind that is not the slowest, for each kind that is slower; and those
 * that have an L3 of the largest size. */
struct ReservedCores {
  std::int64_t fast = 0, large = 0;
};

ReservedCores reserved_cores(const Topology &topology, const std::vector<bool> &largest,
                             const CpuSet &reserved) {
  ReservedCores cores;
  if (reserved.empty())
    return cores;
  for (const Core &core : topology.cores)
    if (std::any_of(core.cpus.begin(), core.cpus.end(),
                    [&](unsigned cpu) { return reserved.contains(cpu); })) {
      cores.fast += topology.kinds - 1 - core.kind;
      cores.large += largest[core.domain];
    }
  return cores;
}

} // namespace

std::int64_t reserve_cost(const Topology &topology, const CostRules &rules,
                          const CpuSet &reserved) {
  const ReservedCores cores = reserved_cores(topology, has_largest_cache(topology), reserved);
  return weight::fast_reserve * cores.fast +
         (rules.prefer_big_cache ? weight::large_reserve * cores.large : 0);
}

bool has_clusters(const Topology &topology) {
  return std::any_of(topology.cores.begin(), topology.cores.end(),
                     [](const Core &core) { return core.cluster.has_value(); });
}

std::vector<unsigned> steps_from(const Topology &topology, const CpuSet &cpus) {
  std::vector<unsigned> steps(topology.domains.size(), cpus.empty() ? 0 : 3);
  if (cpus.empty())
    return steps;
  std::vector<bool> has(topology.domains.size());
  for (const Core &core : topology.cores)
    for (unsigned cpu : core.cpus)
      if (cpus.contains(cpu))
        has[core.domain] = true;
  for (std::size_t from = 0; from < has.size(); ++from) {
    if (!has[from])
      continue;
    const CacheDomain &there = topology.domains[from];
    for (std::size_t to = 0; to < steps.size(); ++to) {
      const CacheDomain &here = topology.domains[to];
      const unsigned distance = to == from                      ? 0
                                : here.node == there.node       ? 1
                                : here.package == there.package ? 2
                                                                : 3;
      steps[to] = std::min(steps[to], distance);
    }
  }
  return steps;
}

std::vector<bool> has_largest_cache(const Topology &topology) {
  std::uint64_t largest = 0;
  for (const CacheDomain &domain : topology.domains)
    largest = std::max(largest, domain.bytes);
  std::vector<bool> has;
  for (const CacheDomain &domain : topology.domains)
    has.push_back(domain.bytes == largest);
  return has;
}

CostTerms cost_terms(const Topology &topology, const CostRules &rules, const CpuSet &vcpus,
                     const CpuSet &reserved) {
  const std::vector<unsigned> host_steps = steps_from(topology, reserved);
  const std::vector<bool> largest = has_largest_cache(topology);
  const ReservedCores reserve = reserved_cores(topology, largest, reserved);
  const bool clusters = has_clusters(topology);
  std::map<unsigned, std::int64_t> by_domain, by_node, by_package, by_use;
  /* Cores that share with no other are together, and in no cluster. */
  std::map<std::pair<unsigned, unsigned>, std::int64_t> by_cluster;
  std::map<unsigned, std::int64_t> outside_clusters;
  std::int64_t remote = 0, slower = 0, split = 0, smaller = 0, device = 0, host = 0;
  for (const Core &core : topology.cores) {
    const std::int64_t used = std::count_if(core.cpus.begin(), core.cpus.end(),
                                            [&](unsigned cpu) { return vcpus.contains(cpu); });
    if (!used)
      continue;
    const CacheDomain &domain = topology.domains[core.domain];
    by_domain[core.domain] += used;
    if (core.cluster)
      by_cluster[{core.domain, *core.cluster}] += used;
    else
      outside_clusters[core.domain] += used;
    remote += topology.has_memory(domain.node) ? 0 : used;
    by_node[domain.node] += used;
    by_package[domain.package] += used;
    ++by_use[static_cast<unsigned>(used)];
    slower += used * core.kind;
    split += !rules.one_per_core && used < static_cast<std::int64_t>(core.cpus.size());
    smaller += largest[core.domain] ? 0 : used;
    device += used * domain.device_distance;
    host += used * host_steps[core.domain];
  }
  const std::int64_t all = pair_count(static_cast<std::int64_t>(vcpus.size()));
  const std::int64_t same_l3 = pairs_within(by_domain);
  const std::int64_t same_cluster = pairs_within(by_cluster);
  const std::int64_t outside = pairs_within(outside_clusters);
  return {{
      {"vCPUs on nodes without memory", weight::no_memory, remote},
      {"vCPUs on slower cores", rules.any_core ? 0 : weight::slower_core, slower},
      {"cores used in part", weight::split_core, split},
      {"cores used unevenly", weight::uneven, by_use.size() > 1},
      {"vCPUs on smaller L3s", rules.prefer_big_cache ? weight::smaller_cache : 0, smaller},
      {"reserved cores of faster kinds", weight::fast_reserve, reserve.fast},
      {"reserved cores on the largest L3s", rules.prefer_big_cache ? weight::large_reserve : 0,
       reserve.large},
      {"steps from vCPUs to the device", weight::device_step, device},
      {"pairs of vCPUs across packages", weight::package_pair, all - pairs_within(by_package)},
      {"pairs of vCPUs across NUMA nodes", weight::node_pair, all - pairs_within(by_node)},
      {rules.spread_l3 ? "pairs of vCPUs within an L3" : "pairs of vCPUs across L3s",
       topology.has_l3 ? weight::l3_pair : 0, rules.spread_l3 ? same_l3 : all - same_l3},
      {rules.spread_l3 ? "pairs of vCPUs within a cluster" : "pairs of vCPUs across clusters",
       clusters ? weight::cluster_pair : 0,
       rules.spread_l3 ? same_cluster
       : clusters      ? all - same_cluster - outside
                       : 0},
      {"steps from vCPUs to reserved CPUs", weight::host_step, host},
  }};
}

std::int64_t total(const CostTerms &terms) {
  std::int64_t sum = 0;
  for (const CostTerm &term : terms)
    sum += term.weight * term.count;
  return sum;
}

} // namespace qemu_pin
