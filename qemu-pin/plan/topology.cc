/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/topology.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

namespace qemu_pin {

namespace {

void order_domains(Topology &topology) {
  std::vector<unsigned> by_place(topology.domains.size());
  std::iota(by_place.begin(), by_place.end(), 0U);
  const auto place = [&](unsigned domain) {
    const CacheDomain &one = topology.domains[domain];
    return std::tuple(one.package, one.node, one.l3);
  };
  std::sort(by_place.begin(), by_place.end(),
            [&](unsigned a, unsigned b) { return place(a) < place(b); });
  std::vector<CacheDomain> domains;
  std::vector<unsigned> rank(by_place.size());
  for (unsigned domain : by_place) {
    rank[domain] = static_cast<unsigned>(domains.size());
    domains.push_back(topology.domains[domain]);
  }
  topology.domains = std::move(domains);
  for (Core &core : topology.cores)
    core.domain = rank[core.domain];
}

void drop_trivial_clusters(Topology &topology) {
  std::map<unsigned, std::size_t> in_domain;
  std::map<std::pair<unsigned, unsigned>, std::size_t> in_cluster;
  for (const Core &core : topology.cores) {
    ++in_domain[core.domain];
    if (core.cluster)
      ++in_cluster[{core.domain, *core.cluster}];
  }
  for (Core &core : topology.cores) {
    if (!core.cluster)
      continue;
    const std::size_t cores = in_cluster[{core.domain, *core.cluster}];
    if (cores == 1 || cores == in_domain[core.domain])
      core.cluster.reset();
  }
}

} // namespace

std::string_view kind_word(CoreKind kind) {
  return kind == CoreKind::performance  ? "performance"
         : kind == CoreKind::efficiency ? "efficiency"
                                        : "low-power";
}

CpuSet Topology::cpus() const {
  CpuSet all;
  for (const Core &core : cores)
    all.insert(core.cpus.begin(), core.cpus.end());
  return all;
}

const Core *Topology::core_of(unsigned cpu) const {
  for (const Core &core : cores)
    if (std::binary_search(core.cpus.begin(), core.cpus.end(), cpu))
      return &core;
  return nullptr;
}

bool Topology::has_memory(unsigned node) const {
  bool is_known = false;
  for (const MemoryNode &one : nodes) {
    if (one.index == node && one.bytes)
      return true;
    is_known = is_known || one.bytes;
  }
  return !is_known;
}

CoreKind Topology::kind_of(unsigned kind) const {
  if (kind == 0)
    return CoreKind::performance;
  return kinds > 2 && kind + 1 == kinds ? CoreKind::low_power : CoreKind::efficiency;
}

void arrange(Topology &topology) {
  order_domains(topology);
  std::sort(topology.cores.begin(), topology.cores.end(), [](const Core &a, const Core &b) {
    return std::pair(a.domain, a.cpus[0]) < std::pair(b.domain, b.cpus[0]);
  });
  drop_trivial_clusters(topology);
}

void restrict_to(Topology &topology, const CpuSet &allowed) {
  const CpuSet taken = without(topology.cpus(), allowed);
  if (taken.empty() || taken == topology.cpus())
    return;
  const auto is_taken = [&](unsigned cpu) { return taken.contains(cpu); };
  for (Core &core : topology.cores)
    if (std::erase_if(core.cpus, is_taken))
      core.whole = false;
  std::erase_if(topology.cores, [](const Core &core) { return core.cpus.empty(); });
  std::vector<CacheDomain> used;
  for (Core &core : topology.cores) { /* which are in the order of the domains */
    if (used.empty() || used.back().l3 != topology.domains[core.domain].l3 ||
        used.back().node != topology.domains[core.domain].node)
      used.push_back(topology.domains[core.domain]);
    core.domain = static_cast<unsigned>(used.size() - 1);
  }
  topology.domains = std::move(used);
  for (MemoryNode &node : topology.nodes)
    node.cpus.keep(allowed);
  topology.not_allowed.insert(taken.begin(), taken.end());
}

CpuSet cpus_on_node(const Topology &topology, unsigned node) {
  CpuSet cpus;
  for (const Core &core : topology.cores)
    if (topology.domains[core.domain].node == node)
      cpus.insert(core.cpus.begin(), core.cpus.end());
  return cpus;
}

} // namespace qemu_pin
