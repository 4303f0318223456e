/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/vcpu_faults.h"

#include "base/words.h"
#include "check/bounds.h"
#include "check/fault_words.h"
#include "check/pin_sets.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace qemu_pin {

namespace {

class VcpuJudge {
public:
  VcpuJudge(const Topology &topology, const GuestDescription &guest, const GuestCores &cores,
            Judgement &judgement)
      : topology_(topology), guest_(guest), cores_(cores), sets_(guest), judgement_(judgement) {}

  void judge() {
    unusable();
    unpinned();
    crowded();
    floating();
    siblings();
    untold_siblings();
  }

private:
  void add(const char *kind, std::string message, Part part = Part::vcpus) {
    judgement_.faults.push_back({part, kind, std::move(message), ""});
  }

  void unusable() {
    CpuSet vcpus, cpus;
    bool is_any_present = false;
    for (const auto &[vcpu, pin] : guest_.vcpus)
      if (const CpuSet not_here = without(pin, topology_.cpus()); !not_here.empty()) {
        vcpus.insert(vcpu);
        cpus.merge(not_here);
        is_any_present = is_any_present || is_present(guest_, vcpu);
      }
    if (!vcpus.empty())
      add("unusable-cpu",
          fmt::format("{} pinned to host CPUs that cannot be used: {}", vcpus_are(vcpus),
                      why_unusable(topology_, cpus)),
          is_any_present ? Part::vcpus : Part::unknown);
  }

  void unpinned() {
    CpuSet unpinned;
    for (unsigned vcpu : cores_.present())
      if (!guest_.vcpus.contains(vcpu))
        unpinned.insert(vcpu);
    if (unpinned.empty())
      return;
    std::string where;
    if (guest_.start_set)
      where =
          fmt::format(": {} on any of CPUs {}, as QEMU is started",
                      unpinned.size() == 1 ? "it runs" : "they run", cpu_list(*guest_.start_set));
    add("unpinned-vcpu", vcpus_are(unpinned) + " not pinned" + where);
  }

  void crowded() {
    if (sets_.crowds().empty())
      return;
    CpuSet vcpus, cpus;
    std::vector<std::string> each;
    for (const VcpuGroup &crowd : sets_.crowds()) {
      vcpus.merge(crowd.vcpus);
      cpus.merge(crowd.cpus);
      each.push_back(
          fmt::format("vCPUs {} on {}", cpu_list(crowd.vcpus), cpus_text(cpu_list(crowd.cpus))));
    }
    add("shared-cpu", fmt::format("{} have only {} (overcommitted): {}; two busy vCPUs on one CPU "
                                  "run at half speed each",
                                  counted(vcpus.size(), "vCPU"), counted(cpus.size(), "host CPU"),
                                  first_of(each)));
  }

  /* Pins of several CPUs, of which the kernel chooses one again and again. */
  void floating() {
    if (const VcpuGroup &overlap = sets_.overlap(); !overlap.vcpus.empty())
      add("shared-cpu",
          fmt::format("the pins of vCPUs {} differ but overlap on {}: the kernel may put two busy "
                      "vCPUs on one CPU, where they run at half speed each",
                      cpu_list(overlap.vcpus), cpus_text(cpu_list(overlap.cpus))));
    const std::vector<CpuSet> cells = guest_cells(guest_);
    CpuSet over_nodes, over_l3s, over_cores;
    for (const auto &[cpus, vcpus] : sets_.vcpus_of()) {
      if (cpus.size() < 2)
        continue;
      CpuSet nodes, l3s;
      std::set<const Core *> cores;
      for (unsigned cpu : cpus)
        if (const Core *core = index_.of(cpu)) {
          nodes.insert(index_.domain_of(*core).node);
          l3s.insert(index_.domain_of(*core).l3);
          cores.insert(core);
        }
      /* One pool for all vCPUs of a node is how clouds place guests: it has room. */
      const bool is_pool = vcpus.size() > 1 && std::ranges::find(cells, vcpus) != cells.end();
      if (nodes.size() > 1)
        over_nodes.merge(vcpus);
      else if (l3s.size() > 1 && topology_.has_l3 && !is_pool)
        over_l3s.merge(vcpus);
      else if (cores.size() > 1 && guest_.topology.threads > 1 && !is_pool)
        over_cores.merge(vcpus);
    }
    std::vector<std::string> texts;
    const auto tell = [&](const CpuSet &vcpus, const char *over, const char *cost) {
      if (!vcpus.empty())
        texts.push_back(
            fmt::format("{} free to move between {}: {}", vcpus_are(vcpus), over, cost));
    };
    tell(over_nodes, "NUMA nodes", "each move leaves caches and memory behind");
    tell(over_l3s, "L3 caches (CCDs)", "each move leaves the cache behind");
    tell(over_cores, "cores",
         "the guest takes some for siblings (hyperthreads), which they are only by chance");
    if (!texts.empty())
      add("floating-vcpu", fmt::format("{}", joined(texts, "; ")));
  }

  /* The vCPUs of each core that the guest sees. */
  std::vector<CpuSet> guest_siblings() const {
    std::vector<CpuSet> groups;
    const unsigned threads = guest_.topology.threads;
    CpuSet group;
    unsigned core = 0;
    for (unsigned vcpu : cores_.present()) {
      if (!group.empty() && vcpu / threads != core) {
        groups.push_back(std::move(group));
        group = CpuSet();
      }
      core = vcpu / threads;
      group.insert(vcpu);
    }
    if (!group.empty())
      groups.push_back(std::move(group));
    return groups;
  }

  void siblings() {
    if (guest_.topology.threads < 2)
      return;
    std::vector<std::string> groups;
    CpuSet cpus;
    bool single = true;
    for (const CpuSet &group : guest_siblings()) {
      std::set<const Core *> cores;
      for (unsigned vcpu : group)
        cores.insert(cores_.of(vcpu));
      if (cores.contains(nullptr) || cores.size() < 2)
        continue;
      groups.push_back(cpu_list(group));
      for (unsigned vcpu : group)
        cpus.merge(guest_.vcpus.at(vcpu));
      single = single &&
               std::ranges::all_of(cores, [](const Core *core) { return core->cpus.size() == 1; });
    }
    if (groups.empty())
      return;
    const char *const why = !single ? ""
                            : topology_.kinds > 1
                                ? "; these are cores of one thread (as E-cores are)"
                                : "; the host's cores have one thread each (SMT may be off)";
    if (groups.size() == 1)
      return add("siblings-apart",
                 fmt::format("vCPUs {} are siblings (hyperthreads) to the guest, but host CPUs {} "
                             "are not{}",
                             groups[0], cpu_list(cpus), why));
    add("siblings-apart",
        fmt::format("{} {} of guest siblings (hyperthreads) are on different cores: vCPUs {}{}",
                    groups.size(), guest_.topology.threads == 2 ? "pairs" : "groups",
                    first_of(groups), why));
  }

  /* Whether a guest of as many vCPUs could have whole cores, beside those of QEMU's other threads.
   */
  bool fits_whole_cores() const {
    std::size_t threads = 0, cores = 0;
    const CpuSet services = service_cpus(guest_), cpus = cpus_for_vcpus(topology_, guest_);
    for (const Core &core : topology_.cores)
      threads = std::max(threads, core.cpus.size());
    for (const Core &core : topology_.cores)
      cores += core.cpus.size() == threads && !touches(core, services) && touches(core, cpus);
    const std::size_t vcpus = cores_.present().size();
    return threads > 1 && vcpus % threads == 0 && vcpus / threads <= cores;
  }

  /* vCPUs on host siblings that the guest takes for cores. */
  void untold_siblings() {
    const std::map<const Core *, CpuSet> on = cores_.vcpus();
    if (guest_.topology.threads > 1 || on.empty() || on.size() == cores_.present().size() ||
        !sets_.crowds().empty())
      return;
    if (is_even(on))
      add("threads-differ",
          fmt::format("vCPUs are on {} siblings (hyperthreads) each of {}, but the guest takes "
                      "each for a core",
                      on.begin()->second.size(), counted(on.size(), "host core")),
          Part::topology);
    else if (fits_whole_cores())
      add("threads-differ",
          "some vCPUs are on siblings (hyperthreads) of the host, in an order that threads= "
          "cannot tell the guest, which takes each for a core");
  }

  const Topology &topology_;
  const GuestDescription &guest_;
  const GuestCores &cores_;
  const CoreIndex index_{topology_};
  const PinSets sets_;
  Judgement &judgement_;
};

} // namespace

std::string why_unusable(const Topology &topology, const CpuSet &cpus) {
  CpuSet left = without(cpus, topology.cpus());
  std::vector<std::string> causes;
  const auto tell = [&](const CpuSet &which, const std::string &why) {
    if (!which.empty())
      causes.push_back(cpus_are(cpu_list(which)) + " " + why);
    left = without(left, which);
  };
  CpuSet offline = left, barred = left;
  offline.keep(topology.offline);
  barred.keep(topology.not_allowed);
  tell(offline, "offline");
  tell(barred, fmt::format("not allowed here (the cpuset has {})", cpu_list(topology.cpus())));
  CpuSet all = topology.cpus();
  all.merge(topology.offline);
  all.merge(topology.not_allowed);
  tell(CpuSet(left), fmt::format("absent: the host has CPUs {}", cpu_list(all)));
  return joined(causes, "; ");
}

void judge_vcpus(const Topology &topology, const GuestDescription &guest, const GuestCores &cores,
                 Judgement &judgement) {
  VcpuJudge(topology, guest, cores, judgement).judge();
}

} // namespace qemu_pin
