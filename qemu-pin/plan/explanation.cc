/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/explanation.h"

#include "base/words.h"
#include "plan/host_line.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace qemu_pin {

namespace {

/* "CPU 3", "CPUs 0-3" */
std::string named(const std::string &list) {
  return (list.find_first_of(",-") == std::string::npos ? "CPU " : "CPUs ") + list;
}

std::string line(const char *about, const std::string &text) {
  return fmt::format("{:<8}{}\n", about, text);
}

class Explanation {
public:
  Explanation(const Topology &topology, const PlacementRequest &request, const Placement &placement,
              const PinPlan &plan)
      : topology_(topology), request_(request), placement_(placement), plan_(plan),
        guest_(placement.guest()) {
    for (const Core &core : topology.cores) {
      const auto used = std::count_if(core.cpus.begin(), core.cpus.end(),
                                      [&](unsigned cpu) { return guest_.contains(cpu); });
      if (!used)
        continue;
      if (topology.domains[core.domain].has_l3)
        guest_l3s_.insert(topology.domains[core.domain].l3);
      guest_nodes_.insert(topology.domains[core.domain].node);
      ++guest_kinds_[core.kind];
      whole_ = whole_ && used == static_cast<std::ptrdiff_t>(core.cpus.size());
    }
  }

  std::string text() const { return guest() + caches() + kept() + disks() + better(); }

private:
  std::string guest() const {
    std::string cores = topology_.kinds > 1 ? kinds_text(topology_, guest_kinds_)
                                            : counted(placement_.cores, "core");
    if (request_.rules.one_per_core)
      cores += ", one thread of each";
    else if (placement_.mirrored && placement_.threads > 1 && whole_)
      cores += fmt::format(" with all {} threads", placement_.threads);
    std::string text =
        line("guest", fmt::format("{} on {}: {}", counted(placement_.vcpus.size(), "vCPU"),
                                  named(cpu_list(guest_)), cores));
    std::string shared;
    if (!guest_l3s_.empty())
      shared = l3s(guest_l3s_) + ", ";
    shared += (guest_nodes_.size() == 1 ? "NUMA node " : "NUMA nodes ") + cpu_list(guest_nodes_);
    return text + line("", "on " + shared);
  }

  /* The sizes of L3s where they differ, and which the guest has by whose choice. */
  std::string caches() const {
    std::map<std::uint64_t, CpuSet> by_size; /* L3s */
    for (const CacheDomain &domain : topology_.domains)
      if (domain.bytes)
        by_size[domain.bytes].insert(domain.l3);
    if (by_size.size() < 2)
      return "";
    const auto &[most, large] = *by_size.rbegin();
    std::string text = fmt::format("{} has {} MiB", l3s(large), most >> 20);
    /* Only a stacked cache is as large beside another of the same CPU. */
    if (topology_.is_amd && most >= 64U << 20 && most >= 2 * by_size.begin()->first)
      text += " (X3D)";
    const auto &[next, smaller] = *std::next(by_size.rbegin());
    text += fmt::format(", {} {} MiB", l3s(smaller), next >> 20);
    if (!request_.rules.prefer_big_cache)
      text += "; --prefer-cache big chooses the largest";
    else if (large.contains_all(guest_l3s_))
      text += "; --prefer-cache big chose the largest, and keeps the host off it";
    else
      text += "; the largest has no room for all vCPUs";
    return line("cache", text);
  }

  static std::string l3s(const CpuSet &numbers) {
    return (numbers.size() == 1 ? "L3 " : "L3s ") + cpu_list(numbers);
  }

  std::string kept() const {
    std::string text;
    if (!placement_.reserved.empty())
      text += line("kept", named(cpu_list(placement_.reserved)) + ": the host's");
    if (!placement_.left.empty())
      text += line("left", named(cpu_list(placement_.left)) + ": not the guest's");
    if (!placement_.idle.empty())
      text += line("idle",
                   named(cpu_list(placement_.idle)) + ": siblings of the guest's, given to nobody");
    if (!plan_.emulator.empty())
      text += line("QEMU", "all other threads on " + named(plan_.emulator));
    return text;
  }

  std::string disks() const {
    std::string text;
    for (std::size_t disk = 0; disk < plan_.disks.size(); ++disk)
      text += line("disk", fmt::format("{}: iothread={} in its -device", disk, plan_.disks[disk]));
    if (plan_.iothreads.size() > 1 && !plan_.disks.empty()) {
      std::string mapping;
      for (const IothreadPin &iothread : plan_.iothreads)
        mapping +=
            (mapping.empty() ? "" : ",") + fmt::format("{{\"iothread\":\"{}\"}}", iothread.id);
      text += line("", "or, with QEMU 9.0 and later, every virtio-blk disk's queues on all:");
      text += line("", fmt::format("-device '{{\"driver\":\"virtio-blk-pci\",\"drive\":\"ID\","
                                   "\"iothread-vq-mapping\":[{}]}}'",
                                   mapping));
    }
    return text;
  }

  /* How many vCPUs each group of cores has room for. */
  template <typename Key> std::map<unsigned, std::size_t> room(Key key) const {
    std::map<unsigned, std::size_t> room;
    for (const Core &core : topology_.cores) {
      const unsigned node = topology_.domains[core.domain].node;
      const bool is_free = std::none_of(core.cpus.begin(), core.cpus.end(), [&](unsigned cpu) {
        return placement_.reserved.contains(cpu);
      });
      if (is_free && (request_.nodes.empty() || request_.nodes.contains(node)))
        room[key(core)] += request_.rules.one_per_core ? 1 : core.cpus.size();
    }
    return room;
  }

  /* The most vCPUs that one group of domains has room for. */
  template <typename Key> std::size_t largest(Key key) const {
    std::size_t most = 0;
    for (const auto &[group, vcpus] :
         room([&](const Core &core) { return key(topology_.domains[core.domain]); }))
      most = std::max(most, vcpus);
    return most;
  }

  /* That the guest mixes kinds of core, and how it would not. */
  std::string mixed_kinds() const {
    const auto kinds = room([](const Core &core) { return core.kind; });
    const std::size_t vcpus = placement_.vcpus.size();
    const auto roomiest =
        std::max_element(kinds.begin(), kinds.end(), [&](const auto &a, const auto &b) {
          return std::min(a.second, vcpus) < std::min(b.second, vcpus);
        });
    std::string text = fmt::format("the guest has cores of {} kinds, and does not know which of "
                                   "its vCPUs are slower",
                                   guest_kinds_.size());
    if (roomiest != kinds.end())
      text +=
          fmt::format("; --cores {} has room for {}", kind_word(topology_.kind_of(roomiest->first)),
                      roomiest->second < vcpus ? fmt::format("{}", roomiest->second) : "all");
    return text;
  }

  std::string better() const {
    std::string text;
    const auto advise = [&](const std::string &advice) { text += line("better", advice); };
    if (placement_.overcommitted)
      text += line("warning", fmt::format("{} share {}: each waits for the others",
                                          counted(placement_.vcpus.size(), "vCPU"),
                                          counted(guest_.size(), "CPU")));
    if (guest_kinds_.size() > 1)
      text += line("warning", mixed_kinds());
    if (const CpuSet far = cpus_without_memory(); !far.empty())
      text += line("warning", fmt::format("the NUMA node of {} has no memory that may be used: all "
                                          "of its memory accesses go to another node",
                                          named(cpu_list(far))));
    if (plan_.emulator.empty())
      advise("--reserve-cores 1 keeps QEMU's other threads off the guest's CPUs");
    if (guest_nodes_.size() > 1)
      advise(fmt::format(
          "up to {} fit one NUMA node; this guest needs -numa to know of its {}",
          counted(largest([](const CacheDomain &domain) { return domain.node; }), "vCPU"),
          guest_nodes_.size()));
    else if (topology_.has_l3 && guest_l3s_.size() > 1 && !request_.rules.spread_l3)
      advise(fmt::format(
          "up to {} fit one L3",
          counted(largest([](const CacheDomain &domain) { return domain.l3; }), "vCPU")));
    if (!placement_.mirrored && !placement_.overcommitted)
      advise("the guest cannot be told which vCPUs are siblings, as its cores differ in threads; "
             "ask for another number, or --cores");
    if (const std::size_t away = cpus_from_device(2))
      advise(fmt::format("{} of the guest's CPUs are not on the device's node", away));
    else if (const std::size_t far = cpus_from_device(1))
      advise(fmt::format("{} of the guest's CPUs are not on the device's L3", far));
    if (!topology_.device_placed)
      text += line("warning", "this host does not say which NUMA node the device is near");
    if (plan_.topoext)
      advise("with a CPU model of your own add topoext=on to -cpu: AMD guests need it to see "
             "siblings");
    return text;
  }

  CpuSet cpus_without_memory() const {
    CpuSet cpus;
    for (unsigned cpu : guest_)
      if (!topology_.has_memory(topology_.domains[topology_.core_of(cpu)->domain].node))
        cpus.insert(cpu);
    return cpus;
  }

  /* How many are that many steps away, or more. */
  std::size_t cpus_from_device(unsigned steps) const {
    std::size_t away = 0;
    for (unsigned cpu : guest_)
      away += topology_.domains[topology_.core_of(cpu)->domain].device_distance >= steps;
    return away;
  }

  const Topology &topology_;
  const PlacementRequest &request_;
  const Placement &placement_;
  const PinPlan &plan_;
  CpuSet guest_, guest_l3s_, guest_nodes_;
  std::map<unsigned, unsigned> guest_kinds_;
  bool whole_ = true;
};

} // namespace

std::string explanation(const TopologySource &source, const Topology &topology,
                        const PlacementRequest &request, const Placement &placement,
                        const PinPlan &plan) {
  return line("host", host_line(source, topology)) +
         Explanation(topology, request, placement, plan).text();
}

std::string cost_table(const CostTerms &terms) {
  std::string text =
      fmt::format("{:<34} {:>10} {:>8} {:>12}\n", "cost of", "weight", "count", "product");
  for (const CostTerm &term : terms)
    text += fmt::format("{:<34} {:>10} {:>8} {:>12}\n", term.name, term.weight, term.count,
                        term.weight * term.count);
  return text + fmt::format("{:<34} {:>10} {:>8} {:>12}\n", "all", "", "", total(terms));
}

} // namespace qemu_pin
