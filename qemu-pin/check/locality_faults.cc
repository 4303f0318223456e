/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/locality_faults.h"

#include "base/words.h"
#include "check/bounds.h"
#include "check/fault_words.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace qemu_pin {

namespace {

class LocalityJudge {
public:
  LocalityJudge(const Topology &topology, const GuestDescription &guest, const GuestCores &cores,
                Judgement &judgement)
      : topology_(topology), guest_(guest), cores_(cores), judgement_(judgement),
        vcpu_cpus_(vcpu_cpus(guest)), services_(service_cpus(guest)),
        room_(cores_for_guest(topology, guest)) {}

  void judge() {
    kinds();
    l3s();
    nodes();
    memory();
  }

private:
  void add(const char *kind, std::string message) {
    judgement_.faults.push_back({Part::vcpus, kind, std::move(message), ""});
  }

  /* Of a core that the vCPUs share with the emulator or iothreads, those that are not theirs. */
  std::size_t cpus_of(const Core &core) const {
    if (cores_.one_per_core())
      return 1;
    if (!touches(core, vcpu_cpus_))
      return core.cpus.size();
    return static_cast<std::size_t>(std::ranges::count_if(core.cpus, [&](unsigned cpu) {
      return vcpu_cpus_.contains(cpu) || !services_.contains(cpu);
    }));
  }

  unsigned node_of(const Core &core) const { return topology_.domains[core.domain].node; }

  /* A kind of core that the guest is on; room on another is none for it. */
  bool is_used_kind(const Core &core) const {
    return std::ranges::any_of(topology_.cores, [&](const Core &other) {
      return other.kind == core.kind && touches(other, vcpu_cpus_);
    });
  }

  /* The nodes of the vCPUs' CPUs. */
  CpuSet nodes_of(const CpuSet &vcpus) const {
    CpuSet nodes;
    for (unsigned vcpu : vcpus)
      if (const auto pin = guest_.vcpus.find(vcpu); pin != guest_.vcpus.end())
        for (unsigned cpu : pin->second)
          if (const Core *core = index_.of(cpu))
            nodes.insert(node_of(*core));
    return nodes;
  }

  /* As few groups, largest first, as have room for so many CPUs. */
  static std::size_t needed(const std::map<unsigned, std::size_t> &room, std::size_t cpus) {
    std::vector<std::size_t> sizes;
    sizes.reserve(room.size());
    for (const auto &[group, size] : room)
      sizes.push_back(size);
    std::sort(sizes.rbegin(), sizes.rend());
    std::size_t groups = 0, covered = 0;
    while (covered < cpus && groups < sizes.size())
      covered += sizes[groups++];
    return groups;
  }

  void nodes() {
    const std::vector<CpuSet> cells = guest_cells(guest_);
    if (cells.size() > 1) {
      for (const CpuSet &cell : cells)
        if (const CpuSet on = nodes_of(cell); on.size() > 1)
          return add("node-crossed",
                     fmt::format("the guest takes vCPUs {} for one NUMA node, but they are on NUMA "
                                 "nodes {}",
                                 cpu_list(cell), cpu_list(on)));
      return;
    }
    CpuSet used;
    std::size_t cpus = 0;
    for (const Core &core : topology_.cores)
      for (unsigned cpu : core.cpus)
        if (vcpu_cpus_.contains(cpu)) {
          used.insert(node_of(core));
          ++cpus;
        }
    std::map<unsigned, std::size_t> room;
    for (const Core *core : room_)
      if (is_used_kind(*core))
        room[node_of(*core)] += cpus_of(*core);
    const std::size_t enough = needed(room, cpus);
    if (used.size() > enough)
      add("node-crossed",
          fmt::format("the guest is on NUMA nodes {}; {} would be enough", cpu_list(used), enough));
  }

  /* Of each node by itself: how many nodes there are is another matter. */
  void l3s() {
    if (!topology_.has_l3)
      return;
    std::map<unsigned, CpuSet> used;
    std::map<unsigned, std::size_t> cpus;
    for (const Core &core : topology_.cores)
      for (unsigned cpu : core.cpus)
        if (vcpu_cpus_.contains(cpu)) {
          used[node_of(core)].insert(topology_.domains[core.domain].l3);
          ++cpus[node_of(core)];
        }
    std::map<unsigned, std::map<unsigned, std::size_t>> room;
    for (const Core *core : room_)
      if (is_used_kind(*core))
        room[node_of(*core)][topology_.domains[core->domain].l3] += cpus_of(*core);
    CpuSet all;
    std::size_t enough = 0;
    bool crossed = false;
    for (const auto &[node, l3s] : used) {
      const std::size_t in_node = needed(room[node], cpus[node]);
      all.merge(l3s);
      enough += in_node;
      crossed = crossed || l3s.size() > in_node;
    }
    if (!crossed)
      return;
    judgement_.is_spread = is_spread();
    if (judgement_.is_spread)
      judgement_.notes.push_back(
          fmt::format("the guest is spread evenly over L3s {}; {} would be enough, if that is not "
                      "meant",
                      cpu_list(all), enough));
    else
      add("l3-crossed",
          fmt::format("the guest is on L3s (CCDs) {}; {} would be enough", cpu_list(all), enough));
  }

  /* As `plan --l3 spread` does it: as many cores of each L3, the first that are free. */
  bool is_spread() const {
    std::map<unsigned, std::size_t> cores;
    for (const Core *core : room_) {
      const unsigned l3 = topology_.domains[core->domain].l3;
      cores[l3] += touches(*core, vcpu_cpus_);
    }
    std::erase_if(cores, [](const auto &one) { return one.second == 0; });
    std::size_t least = ~std::size_t{0}, most = 0;
    for (const auto &[l3, count] : cores) {
      least = std::min(least, count);
      most = std::max(most, count);
    }
    if (cores.size() < 2 || most - least > 1)
      return false;
    std::map<unsigned, bool> passed; /* by L3: a free core that the guest does not have */
    for (const Core *core : room_) {
      bool &free = passed[topology_.domains[core->domain].l3];
      if (!touches(*core, vcpu_cpus_))
        free = true;
      else if (free)
        return false;
    }
    return true;
  }

  void memory() {
    CpuSet far, from;
    bool strict = false;
    for (const GuestMemory &memory : guest_.memory) {
      CpuSet missing = memory.host_nodes, with_cpus;
      for (const MemoryNode &node : topology_.nodes)
        missing.erase(node.index);
      if (!topology_.nodes.empty() && !missing.empty())
        return judgement_.faults.push_back(
            {Part::unknown, "memory-far",
             fmt::format("memory is to come from NUMA node {}, which the host does not have, or "
                         "may not be used",
                         cpu_list(missing)),
             ""});
      for (const CacheDomain &domain : topology_.domains)
        if (memory.host_nodes.contains(domain.node))
          with_cpus.insert(domain.node);
      if (with_cpus.empty()) {
        judgement_.notes.push_back(fmt::format("memory comes from NUMA node {}, which has no CPUs: "
                                               "it is far from every vCPU",
                                               cpu_list(memory.host_nodes)));
        continue;
      }
      CpuSet vcpus = memory.vcpus.empty() ? cores_.present() : memory.vcpus;
      vcpus.keep(cores_.present());
      for (unsigned vcpu : vcpus)
        /* The lists of one vCPU add up: it has memory of each. */
        if (!nodes_of({vcpu}).empty() &&
            !memory_nodes(topology_, guest_, vcpu).intersects(nodes_of({vcpu}))) {
          far.insert(vcpu);
          from.merge(memory.host_nodes);
          strict = strict || memory.strict;
        }
    }
    if (!far.empty())
      add("memory-far",
          fmt::format("{} on NUMA node {}, but {} memory {} from node {}: every access crosses "
                      "nodes",
                      vcpus_are(far), cpu_list(nodes_of(far)), far.size() == 1 ? "its" : "their",
                      strict ? "comes only" : "preferably comes", cpu_list(from)));
  }

  std::size_t room_of_fastest(const Core &core) const {
    const unsigned threads = guest_.topology.threads;
    if (core.kind > 0)
      return 0;
    return threads > 1 ? core.cpus.size() / threads * threads : cpus_of(core);
  }

  /* Whether the guest has room on the fastest kind alone. */
  bool fits_fastest() const {
    std::size_t room = 0;
    for (const Core *core : room_)
      room += room_of_fastest(*core);
    return room >= cores_.present().size();
  }

  void kinds() {
    if (topology_.kinds < 2)
      return;
    std::map<unsigned, CpuSet> on;
    for (const auto &[vcpu, cpus] : guest_.vcpus)
      for (unsigned cpu : cpus)
        if (const Core *core = index_.of(cpu))
          on[core->kind].insert(vcpu);
    if (on.empty())
      return;
    std::size_t free = 0;
    for (const Core *core : room_)
      free += core->kind < on.rbegin()->first && !touches(*core, vcpu_cpus_) &&
              !touches(*core, services_);
    const std::string fast = short_kind_name(topology_, 0);
    std::vector<std::string> each;
    each.reserve(on.size());
    for (const auto &[kind, vcpus] : on)
      each.push_back(fmt::format("{} on {}s", vcpus_are(vcpus), short_kind_name(topology_, kind)));
    const std::string where = joined(each, ", ");
    const std::string unused =
        free ? fmt::format("; {} faster core{} free", free, free == 1 ? " is" : "s are") : "";
    if (on.size() == 1) {
      if (on.begin()->first > 0 && free && fits_fastest())
        judgement_.notes.push_back(fmt::format("all {}{}", where, unused));
    } else if (topology_.is_arm)
      add("mixed-kinds",
          where + ": a KVM guest may not start on cores of two kinds, or breaks" + unused);
    else if (fits_fastest())
      add("mixed-kinds", fmt::format("{}, which are slower, and the guest does not know; {}s alone "
                                     "have room for all{}",
                                     where, fast, unused));
    else if (free)
      add("slower-core", where + unused);
    else {
      std::size_t room = 0;
      for (const Core &core : topology_.cores)
        room += room_of_fastest(core);
      if (room < cores_.present().size())
        judgement_.notes.push_back(fmt::format("{}, which are slower, and the guest does not know; "
                                               "{}s alone have no room for all",
                                               where, fast));
    }
  }

  const Topology &topology_;
  const GuestDescription &guest_;
  const GuestCores &cores_;
  Judgement &judgement_;
  const CoreIndex index_{topology_};
  const CpuSet vcpu_cpus_, services_;
  const std::vector<const Core *> room_;
};

} // namespace

std::vector<const Core *> cores_for_guest(const Topology &topology, const GuestDescription &guest) {
  const CpuSet cpus = cpus_for_vcpus(topology, guest), vcpus = vcpu_cpus(guest),
               services = service_cpus(guest);
  CpuSet nodes; /* of memory, if each vCPU's is known */
  for (unsigned vcpu : present_vcpus(guest)) {
    const CpuSet own = memory_nodes(topology, guest, vcpu);
    if (own.empty()) {
      nodes = CpuSet();
      break;
    }
    nodes.merge(own);
  }
  std::vector<const Core *> all, without_services;
  bool is_some_left = false;
  for (const Core &core : topology.cores) {
    const bool has_vcpus = touches(core, vcpus), has_services = touches(core, services);
    const unsigned node = topology.domains[core.domain].node;
    is_some_left = is_some_left || (!has_vcpus && !has_services);
    if (!has_vcpus && (!touches(core, cpus) || !topology.has_memory(node) ||
                       (!nodes.empty() && !nodes.contains(node))))
      continue;
    all.push_back(&core);
    if (has_vcpus || !has_services)
      without_services.push_back(&core);
  }
  return is_some_left ? without_services : all;
}

void judge_locality(const Topology &topology, const GuestDescription &guest,
                    const GuestCores &cores, Judgement &judgement) {
  LocalityJudge(topology, guest, cores, judgement).judge();
}

} // namespace qemu_pin
