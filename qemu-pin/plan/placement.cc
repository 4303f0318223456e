/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/placement.h"

#include "base/words.h"
#include "plan/packing.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>
#include <tuple>

namespace qemu_pin {

namespace {

/* Hosts so small that every choice of reserved cores can be tried. */
constexpr std::size_t few_cores = 16;

class Placer {
public:
  Placer(const Topology &topology, const PlacementRequest &request)
      : topology_(topology), request_(request) {}

  Result<Placement> place() {
    if (auto result = check(); !result)
      return result.error();
    std::optional<Packing> best;
    CpuSet reserved;
    const std::vector<CpuSet> candidates = reservations();
    for (const CpuSet &candidate : candidates) {
      const std::vector<FreeCore> free = free_cores(candidate);
      const std::size_t room = threads_of(free);
      if (!room || room < request_.vcpus.value_or(1))
        continue;
      const auto vcpus = static_cast<unsigned>(request_.vcpus.value_or(room));
      auto packing = pack(topology_, request_.rules, free, candidate, vcpus);
      if (packing && (!best || packing->cost < best->cost)) {
        best = std::move(packing);
        reserved = candidate;
      }
    }
    if (best)
      return finish(best->cores, reserved);
    const CpuSet &roomiest = *std::max_element(
        candidates.begin(), candidates.end(), [this](const CpuSet &a, const CpuSet &b) {
          return threads_of(free_cores(a)) < threads_of(free_cores(b));
        });
    if (request_.overcommit && !free_cores(roomiest).empty())
      return overcommit(roomiest);
    return no_room(roomiest);
  }

private:
  /* What no choice of cores can mend. */
  Result<> check() const {
    if (request_.vcpus == 0U)
      return Error{"a guest has at least one vCPU"};
    CpuSet nodes;
    for (const CacheDomain &domain : topology_.domains)
      nodes.insert(domain.node);
    for (unsigned node : request_.nodes)
      if (!nodes.contains(node))
        return Error{fmt::format("no usable CPU is on NUMA node {} (there are some on {})", node,
                                 cpu_list(nodes))};
    const CpuSet cpus = topology_.cpus();
    for (unsigned cpu : request_.reserve)
      if (!cpus.contains(cpu))
        return Error{fmt::format("CPU {} cannot be reserved: it is not among those that may be "
                                 "used ({})",
                                 cpu, cpu_list(cpus))};
    if (request_.reserve_cores && request_.reserve_cores >= topology_.cores.size())
      return Error{fmt::format("{} cannot be reserved of {}: none is left for the guest",
                               counted(request_.reserve_cores, "core"), topology_.cores.size())};
    if (request_.rules.cores == CoreKind::efficiency && topology_.kinds < 2)
      return Error{"this host has one kind of core only; none of them is an efficiency core"};
    return {};
  }

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

  /* The first cores as seen from one of them: its like in its domain, then the
   * domain's others, then those ever further away. */
  CpuSet first_cores(const Core &from) const {
    std::vector<const Core *> cores;
    for (const Core &core : topology_.cores)
      cores.push_back(&core);
    const CacheDomain &here = topology_.domains[from.domain];
    const auto distance = [&](const Core *core) {
      const CacheDomain &there = topology_.domains[core->domain];
      return std::tuple(core->kind != from.kind, core->domain != from.domain,
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
    std::map<std::tuple<unsigned, unsigned, std::size_t>, std::vector<const Core *>> alike;
    for (const Core &core : topology_.cores)
      alike[{core.domain, core.kind, core.cpus.size()}].push_back(&core);
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

  /* What the host may keep, to be tried in this order. */
  std::vector<CpuSet> reservations() const {
    if (!request_.reserve_cores)
      return {request_.reserve};
    const Core *lowest =
        &*std::min_element(topology_.cores.begin(), topology_.cores.end(),
                           [](const Core &a, const Core &b) { return a.cpus[0] < b.cpus[0]; });
    std::vector<CpuSet> all{first_cores(*lowest)};
    const auto add = [&](CpuSet cpus) {
      if (std::find(all.begin(), all.end(), cpus) == all.end())
        all.push_back(std::move(cpus));
    };
    /* Where all else is the guest's, what is reserved is not the guest's choice. */
    if (!request_.vcpus)
      return all;
    if (topology_.cores.size() <= few_cores) {
      for (CpuSet &choice : every_choice())
        add(std::move(choice));
      return all;
    }
    const std::vector<std::string> shape = shapes();
    std::set<std::tuple<std::string, unsigned, std::size_t>> seen;
    for (const Core &core : topology_.cores)
      if (seen.emplace(shape[core.domain], core.kind, core.cpus.size()).second)
        add(first_cores(core));
    if (request_.reserve_cores > 1)
      add(spread_cores());
    return all;
  }

  bool may_have(const Core &core) const {
    if (!request_.nodes.empty() && !request_.nodes.contains(topology_.domains[core.domain].node))
      return false;
    switch (request_.rules.cores) {
    case CoreKind::performance:
      return core.kind == 0;
    case CoreKind::efficiency:
      return core.kind == topology_.kinds - 1;
    default:
      return true;
    }
  }

  std::vector<FreeCore> free_cores(const CpuSet &reserved) const {
    std::vector<FreeCore> free;
    for (const Core &core : topology_.cores) {
      FreeCore own{&core, {}};
      for (unsigned cpu : core.cpus)
        if (!reserved.contains(cpu))
          own.cpus.push_back(cpu);
      const bool is_whole = own.cpus.size() == core.cpus.size();
      if (own.cpus.empty() || !may_have(core) || !(is_whole || request_.split_cores))
        continue;
      if (request_.rules.one_per_core)
        own.cpus.resize(1);
      free.push_back(std::move(own));
    }
    return free;
  }

  static std::size_t threads_of(const std::vector<FreeCore> &free) {
    std::size_t threads = 0;
    for (const FreeCore &core : free)
      threads += core.cpus.size();
    return threads;
  }

  /* Guest sockets are packages, where the guest has as many cores of each. */
  unsigned sockets_of(const std::vector<std::vector<unsigned>> &cores) const {
    std::map<unsigned, unsigned> by_package;
    for (const auto &core : cores)
      ++by_package[topology_.domains[topology_.core_of(core[0])->domain].package];
    for (const auto &[package, count] : by_package)
      if (count != by_package.begin()->second)
        return 1;
    return static_cast<unsigned>(by_package.size());
  }

  Placement finish(const std::vector<std::vector<unsigned>> &cores, const CpuSet &reserved) const {
    Placement placement{};
    placement.mirrored = true;
    for (const auto &core : cores) {
      placement.vcpus.insert(placement.vcpus.end(), core.begin(), core.end());
      placement.mirrored = placement.mirrored && core.size() == cores[0].size();
    }
    placement.reserved = reserved;
    placement.cores = static_cast<unsigned>(cores.size());
    placement.threads = placement.mirrored ? static_cast<unsigned>(cores[0].size()) : 1;
    placement.sockets = placement.mirrored ? sockets_of(cores) : 1;
    sort_rest(placement);
    placement.cost = cost_terms(topology_, request_.rules, placement.guest(), reserved);
    return placement;
  }

  void sort_rest(Placement &placement) const {
    const CpuSet guest = placement.guest();
    for (const Core &core : topology_.cores) {
      const bool is_guests = std::any_of(core.cpus.begin(), core.cpus.end(),
                                         [&](unsigned cpu) { return guest.contains(cpu); });
      for (unsigned cpu : core.cpus)
        if (!guest.contains(cpu) && !placement.reserved.contains(cpu))
          (is_guests && !request_.split_cores ? placement.idle : placement.left).insert(cpu);
    }
  }

  Placement overcommit(const CpuSet &reserved) const {
    std::vector<unsigned> cpus;
    for (const FreeCore &core : free_cores(reserved))
      cpus.insert(cpus.end(), core.cpus.begin(), core.cpus.end());
    Placement placement{};
    for (unsigned vcpu = 0; vcpu < *request_.vcpus; ++vcpu)
      placement.vcpus.push_back(cpus[vcpu % cpus.size()]);
    placement.reserved = reserved;
    placement.cores = static_cast<unsigned>(free_cores(reserved).size());
    placement.threads = placement.sockets = 1;
    placement.overcommitted = true;
    sort_rest(placement);
    placement.cost = cost_terms(topology_, request_.rules, placement.guest(), reserved);
    return placement;
  }

  /* "5 are free after reserving 2 of 7", and what may be asked for instead. */
  Error no_room(const CpuSet &reserved) const {
    const std::vector<FreeCore> free = free_cores(reserved);
    std::size_t may = 0, threads = 0;
    bool alike = true;
    for (const Core &core : topology_.cores) {
      if (!may_have(core))
        continue;
      ++may;
      const std::size_t own = request_.rules.one_per_core ? 1 : core.cpus.size();
      alike = alike && (!threads || threads == own);
      threads = own;
    }
    const std::size_t room = threads_of(free);
    std::string where;
    if (!request_.nodes.empty())
      where += " on NUMA node " + cpu_list(request_.nodes);
    if (request_.rules.cores == CoreKind::performance && topology_.kinds > 1)
      where += " among the performance cores";
    if (request_.rules.cores == CoreKind::efficiency)
      where += " among the efficiency cores";
    std::string after;
    if (!reserved.empty() && may)
      after = fmt::format(" after reserving {} of {}", may - free.size(), may);
    if (!request_.vcpus || !may)
      return Error{fmt::format("no core is free for the guest{}{}", where, after)};
    const unsigned vcpus = *request_.vcpus;
    std::string need;
    if (!alike || request_.split_cores)
      need = fmt::format("{} need as many CPUs; {} {} free", counted(vcpus, "vCPU"), room,
                         room == 1 ? "is" : "are");
    else
      need = fmt::format("{} with {} need {}; {} {} free", counted(vcpus, "vCPU"),
                         request_.rules.one_per_core ? "a core each" : "whole cores",
                         counted((vcpus + threads - 1) / threads, "core"), free.size(),
                         free.size() == 1 ? "is" : "are");
    std::string nearest =
        room ? fmt::format(" (at most {} fit, or more with --overcommit)", counted(room, "vCPU"))
             : "";
    return Error{need + where + after + nearest};
  }

  const Topology &topology_;
  const PlacementRequest &request_;
};

} // namespace

Result<Placement> place(const Topology &topology, const PlacementRequest &request) {
  return Placer(topology, request).place();
}

} // namespace qemu_pin
