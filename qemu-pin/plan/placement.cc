/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/placement.h"

#include "base/words.h"
#include "plan/packing.h"
#include "plan/reservations.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>
#include <tuple>

namespace qemu_pin {

namespace {

class Placer {
public:
  /* kind: the only one that the guest may have; none: those that are asked for. */
  Placer(const Topology &topology, const PlacementRequest &request, std::optional<unsigned> kind)
      : topology_(topology), request_(request), kind_(kind) {}

  Result<Placement> place() {
    if (auto result = check(); !result)
      return result.error();
    std::optional<Packing> best;
    CpuSet reserved;
    const std::vector<CpuSet> candidates = reservations(topology_, request_);
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
    for (const MemoryNode &node : topology_.nodes)
      if (request_.nodes.contains(node.index) && !node.has_cpus)
        return Error{fmt::format("NUMA node {} has memory{} but no CPUs: a guest's memory can be "
                                 "there, its vCPUs cannot",
                                 node.index, node.kind.empty() ? "" : " (" + node.kind + ")")};
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
    for (CoreKind kind : request_.kinds)
      if (!has_kind(kind))
        return Error{fmt::format("this host has no {} cores: it has {}", kind_word(kind),
                                 topology_.kinds < 2 ? "one kind of core only"
                                                     : "performance and efficiency cores only")};
    return {};
  }

  bool may_have(const Core &core) const {
    if (!request_.nodes.empty() && !request_.nodes.contains(topology_.domains[core.domain].node))
      return false;
    if (kind_)
      return core.kind == *kind_;
    return request_.kinds.empty() || request_.kinds.contains(topology_.kind_of(core.kind));
  }

  bool has_kind(CoreKind kind) const {
    for (unsigned one = 0; one < topology_.kinds; ++one)
      if (topology_.kind_of(one) == kind)
        return true;
    return false;
  }

  /* " among the performance cores"; "" where the guest may have all. */
  std::string among() const {
    std::set<CoreKind> kinds = request_.kinds;
    if (kind_)
      kinds = {topology_.kind_of(*kind_)};
    if (kinds.empty() || topology_.kinds < 2)
      return "";
    std::vector<std::string> words;
    for (CoreKind kind : kinds)
      words.emplace_back(kind_word(kind));
    return fmt::format(" among the {} cores", fmt::join(words, " and "));
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
    where += among();
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
  std::optional<unsigned> kind_;
};

/* On cores of one kind: the fastest that has room, or that there is. */
Result<Placement> place_on_one_kind(const Topology &topology, const PlacementRequest &request) {
  PlacementRequest fitting = request;
  fitting.overcommit = false;
  std::optional<unsigned> fastest;
  for (unsigned kind = 0; kind < topology.kinds; ++kind) {
    if (!request.kinds.empty() && !request.kinds.contains(topology.kind_of(kind)))
      continue;
    if (auto placement = Placer(topology, fitting, kind).place())
      return placement;
    if (!fastest)
      fastest = kind;
  }
  auto placement = Placer(topology, request, fastest).place();
  if (placement || !Placer(topology, fitting, std::nullopt).place())
    return placement;
  return Error{placement.error().message + "; a KVM guest on Arm may not start on cores of "
                                           "several kinds: --cores any allows them"};
}

} // namespace

Result<Placement> place(const Topology &topology, const PlacementRequest &request) {
  const bool may_mix = !topology.is_arm || request.rules.any_core || request.kinds.size() > 1;
  return topology.kinds > 1 && !may_mix ? place_on_one_kind(topology, request)
                                        : Placer(topology, request, std::nullopt).place();
}

} // namespace qemu_pin
