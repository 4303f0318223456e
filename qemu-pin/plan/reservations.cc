/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/reservations.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <tuple>

namespace qemu_pin {

namespace {

/* Hosts so small that every choice of reserved cores can be tried. */
constexpr std::size_t few_cores = 16;

class Reservations {
public:
  Reservations(const Topology &topology, const PlacementRequest &request)
      : topology_(topology), request_(request) {}

  /* What the host may keep, to be tried in this order. */
  std::vector<CpuSet> all() const {
    const std::vector<bool> largest = has_largest_cache(topology_);
    const auto rank = [&](const Core &core) {
      const bool is_wanted = request_.rules.prefer_big_cache && largest[core.domain];
      return std::tuple(topology_.kinds - core.kind, is_wanted, core.cpus[0]);
    };
    const Core *cheapest =
        &*std::min_element(topology_.cores.begin(), topology_.cores.end(),
                           [&](const Core &a, const Core &b) { return rank(a) < rank(b); });
    std::vector<CpuSet> sets{first_cores(*cheapest)};
    const auto add = [&](CpuSet cpus) {
      if (std::find(sets.begin(), sets.end(), cpus) == sets.end())
        sets.push_back(std::move(cpus));
    };
    /* Where all else is the guest's, what is reserved is not the guest's choice. */
    if (!request_.vcpus)
      return sets;
    if (topology_.cores.size() <= few_cores) {
      for (CpuSet &choice : every_choice())
        add(std::move(choice));
      return sets;
    }
    const std::vector<std::string> shape = shapes();
    std::set<std::tuple<std::string, bool, unsigned, std::size_t>> seen;
    for (const Core &core : topology_.cores)
      if (seen.emplace(shape[core.domain], core.cluster.has_value(), core.kind, core.cpus.size())
              .second)
        add(first_cores(core));
    if (request_.reserve_cores > 1)
      add(spread_cores());
    return sets;
  }

private:
  /* Domains that differ in nothing but their place among equals have the same name. */
  std::vector<std::string> shapes() const {
    std::vector<std::string> domain(topology_.domains.size());
    for (const Core &core : topology_.cores)
      domain[core.domain] += fmt::format("{}x{} ", core.kind, core.cpus.size());
    for (std::size_t i = 0; i < domain.size(); ++i)
      domain[i] += fmt::format("{}b {}d ", topology_.domains[i].bytes,
                               topology_.domains[i].device_distance) +
                   (request_.nodes.contains(topology_.domains[i].node) ? "asked" : "");
    std::map<unsigned, std::string> node, package;
    for (std::size_t i = 0; i < domain.size(); ++i) {
      node[topology_.domains[i].node] += domain[i] + "|";
      package[topology_.domains[i].package] += domain[i] + "|";
    }
    for (std::size_t i = 0; i < domain.size(); ++i)
      domain[i] +=
          "/" + node[topology_.domains[i].node] + "/" + package[topology_.domains[i].package];
    return domain;
  }

  /* The first cores as seen from one of them: those of its kind, then of the slower kinds; of
   * each kind those of its cluster and domain first, then those ever further away. */
  CpuSet first_cores(const Core &from) const {
    std::vector<const Core *> cores;
    for (const Core &core : topology_.cores)
      cores.push_back(&core);
    const CacheDomain &here = topology_.domains[from.domain];
    const auto distance = [&](const Core *core) {
      const CacheDomain &there = topology_.domains[core->domain];
      return std::tuple(core->kind != from.kind, -static_cast<int>(core->kind),
                        core->domain != from.domain, core->cluster != from.cluster,
                        core->cpus.size() != from.cpus.size(), there.node != here.node,
                        there.package != here.package, core->cpus[0]);
    };
    std::stable_sort(cores.begin(), cores.end(),
                     [&](const Core *a, const Core *b) { return distance(a) < distance(b); });
    CpuSet cpus;
    for (unsigned i = 0; i < request_.reserve_cores; ++i)
      cpus.insert(cores[i]->cpus.begin(), cores[i]->cpus.end());
    return cpus;
  }

  /* One core of each of as many domains as there are. */
  CpuSet spread_cores() const {
    std::vector<std::vector<const Core *>> by_domain(topology_.domains.size());
    for (const Core &core : topology_.cores)
      by_domain[core.domain].push_back(&core);
    CpuSet cpus;
    unsigned cores = 0;
    for (std::size_t row = 0; cores < request_.reserve_cores; ++row)
      for (const auto &domain : by_domain)
        if (row < domain.size() && cores < request_.reserve_cores) {
          cpus.insert(domain[row]->cpus.begin(), domain[row]->cpus.end());
          ++cores;
        }
    return cpus;
  }

  /* Every number of every group of cores that are alike, the first of them. */
  std::vector<CpuSet> every_choice() const {
    std::map<std::tuple<unsigned, std::optional<unsigned>, unsigned, std::size_t>,
             std::vector<const Core *>>
        alike;
    for (const Core &core : topology_.cores)
      alike[{core.domain, core.cluster, core.kind, core.cpus.size()}].push_back(&core);
    /* What the groups so far may give, with the number of cores that it is. */
    std::vector<std::pair<CpuSet, std::size_t>> given{{{}, 0}};
    for (const auto &[key, cores] : alike) {
      std::vector<std::pair<CpuSet, std::size_t>> more;
      for (const auto &[cpus, count] : given) {
        const std::size_t rest = request_.reserve_cores - count;
        CpuSet with = cpus;
        more.emplace_back(with, count);
        for (std::size_t i = 0; i < std::min(cores.size(), rest); ++i) {
          with.insert(cores[i]->cpus.begin(), cores[i]->cpus.end());
          more.emplace_back(with, count + i + 1);
        }
      }
      given = std::move(more);
    }
    std::vector<CpuSet> all;
    for (const auto &[cpus, count] : given)
      if (count == request_.reserve_cores)
        all.push_back(cpus);
    std::sort(all.begin(), all.end());
    return all;
  }

  const Topology &topology_;
  const PlacementRequest &request_;
};

} // namespace

std::vector<CpuSet> reservations(const Topology &topology, const PlacementRequest &request) {
  if (!request.reserve_cores)
    return {request.reserve};
  return Reservations(topology, request).all();
}

} // namespace qemu_pin
