/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/findings.h"

#include "plan/formats.h"
#include "plan/placement.h"
#include "plan/roles.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace qemu_pin {

namespace {

/* Options in the words that the guest was described in. */
class Words {
public:
  explicit Words(const GuestDescription &guest) : guest_(guest) {}

  std::string vcpu(unsigned vcpu, const std::string &cpus) const {
    return is_qemu() ? vcpu_option(vcpu, cpus)
                     : fmt::format("<vcpupin vcpu='{}' cpuset='{}'/>", vcpu, cpus);
  }
  std::string emulator(const std::string &cpus) const {
    return is_qemu() ? emulator_option(cpus) : fmt::format("<emulatorpin cpuset='{}'/>", cpus);
  }
  std::string iothread(const std::string &id, const std::string &cpus) const {
    return is_qemu() ? iothread_option(id, cpus)
                     : fmt::format("<iothreadpin iothread='{}' cpuset='{}'/>", id, cpus);
  }
  std::string topology(const GuestTopology &topology) const {
    return is_qemu() ? smp_option(topology)
                     : fmt::format("<topology sockets='{}' dies='1' cores='{}' threads='{}'/>",
                                   topology.sockets, topology.cores, topology.threads);
  }
  std::string topoext() const {
    if (!is_qemu())
      return "<feature policy='require' name='topoext'/>";
    return "-cpu " + (guest_.cpu_model.empty() ? "host" : guest_.cpu_model) + ",topoext=on";
  }

private:
  bool is_qemu() const { return guest_.dialect == Dialect::qemu; }

  const GuestDescription &guest_;
};

class Checker {
public:
  Checker(const Topology &topology, const GuestDescription &guest)
      : topology_(topology), guest_(guest), words_(guest), usable_(topology.cpus()) {
    for (const auto &[vcpu, cpus] : guest.vcpus)
      vcpu_cpus_.insert(cpus.begin(), cpus.end());
    for (const Core &core : topology.cores)
      for (unsigned cpu : core.cpus)
        core_of_[cpu] = &core;
  }

  std::vector<Finding> run() {
    for (const std::string &error : guest_.errors)
      add("unreadable", error);
    numbers();
    unusable();
    unpinned();
    shared();
    siblings();
    split();
    crossings();
    uneven();
    place_again();
    threads();
    others();
    topoext();
    return std::move(findings_);
  }

private:
  void add(const char *kind, const std::string &message, std::vector<std::string> corrected = {}) {
    findings_.push_back({kind, message, std::move(corrected)});
  }

  /* A fault in where the vCPUs are: mended by placing them anew. */
  void misplaced(const char *kind, const std::string &message) {
    add(kind, message);
    misplaced_.push_back(findings_.size() - 1);
  }

  void numbers() {
    for (const auto &[vcpu, cpus] : guest_.vcpus)
      if (vcpu >= guest_.topology.cpus)
        add("no-such-vcpu", fmt::format("there is no vCPU {}: the machine has {} (0-{})", vcpu,
                                        guest_.topology.cpus, guest_.topology.cpus - 1));
    for (const auto &[id, cpus] : guest_.iothread_pins)
      if (std::find(guest_.iothreads.begin(), guest_.iothreads.end(), id) == guest_.iothreads.end())
        add("no-such-iothread", "there is no iothread '" + id + "'");
  }

  std::string unusable_of(const CpuSet &cpus) const {
    CpuSet not_here;
    std::set_difference(cpus.begin(), cpus.end(), usable_.begin(), usable_.end(),
                        std::inserter(not_here, not_here.end()));
    return cpu_list(not_here);
  }

  std::string why_unusable(const std::string &who, const std::string &cpus) const {
    return fmt::format("{} is pinned to host CPU {}, which is offline, not there, or not allowed "
                       "(CPUs {} may be used)",
                       who, cpus, cpu_list(usable_));
  }

  void unusable() {
    for (const auto &[vcpu, cpus] : guest_.vcpus)
      if (const std::string wrong = unusable_of(cpus); !wrong.empty())
        misplaced("unusable-cpu", why_unusable(fmt::format("vCPU {}", vcpu), wrong));
  }

  void unpinned() {
    CpuSet without;
    for (unsigned vcpu = 0; vcpu < guest_.topology.cpus; ++vcpu)
      if (!guest_.vcpus.contains(vcpu))
        without.insert(vcpu);
    if (!without.empty())
      misplaced("unpinned-vcpu",
                fmt::format("vCPU{} {} {} not pinned", without.size() == 1 ? "" : "s",
                            cpu_list(without), without.size() == 1 ? "is" : "are"));
  }

  /* Only what has no other place to go counts: a pin of several CPUs has. */
  std::optional<unsigned> only_cpu(unsigned vcpu) const {
    const auto pin = guest_.vcpus.find(vcpu);
    if (pin == guest_.vcpus.end() || pin->second.size() != 1)
      return std::nullopt;
    return *pin->second.begin();
  }

  /* The core that all of a vCPU's CPUs are on, if there is one. */
  const Core *core_of_vcpu(unsigned vcpu) const {
    const auto pin = guest_.vcpus.find(vcpu);
    if (pin == guest_.vcpus.end())
      return nullptr;
    const Core *core = nullptr;
    for (unsigned cpu : pin->second) {
      const auto found = core_of_.find(cpu);
      if (found == core_of_.end() || (core && core != found->second))
        return nullptr;
      core = found->second;
    }
    return core;
  }

  void shared() {
    std::map<unsigned, CpuSet> on;
    for (const auto &[vcpu, cpus] : guest_.vcpus)
      if (const auto cpu = only_cpu(vcpu))
        on[*cpu].insert(vcpu);
    for (const auto &[cpu, vcpus] : on)
      if (vcpus.size() > 1)
        misplaced("shared-cpu",
                  fmt::format("vCPUs {} have to take turns: all are pinned to host CPU {}",
                              cpu_list(vcpus), cpu));
  }

  /* The guest's cores, as it will see them. */
  void siblings() {
    const unsigned threads = guest_.topology.threads;
    if (threads < 2)
      return;
    for (unsigned first = 0; first + threads <= guest_.topology.cpus; first += threads) {
      std::set<const Core *> cores;
      bool known = true;
      CpuSet cpus;
      for (unsigned vcpu = first; vcpu < first + threads; ++vcpu) {
        const Core *core = core_of_vcpu(vcpu);
        known = known && core;
        cores.insert(core);
        if (const auto pin = guest_.vcpus.find(vcpu); pin != guest_.vcpus.end())
          cpus.insert(pin->second.begin(), pin->second.end());
      }
      if (known && cores.size() > 1)
        misplaced("siblings-apart",
                  fmt::format("vCPUs {}-{} are siblings to the guest, but host CPUs {} are not",
                              first, first + threads - 1, cpu_list(cpus)));
    }
  }

  /* Half a core for the guest and half for what serves it. */
  void split() {
    CpuSet others;
    if (guest_.emulator)
      others.insert(guest_.emulator->begin(), guest_.emulator->end());
    for (const auto &[id, cpus] : guest_.iothread_pins)
      others.insert(cpus.begin(), cpus.end());
    for (const Core &core : topology_.cores) {
      CpuSet guests, hosts;
      for (unsigned cpu : core.cpus) {
        if (vcpu_cpus_.contains(cpu))
          guests.insert(cpu);
        else if (others.contains(cpu))
          hosts.insert(cpu);
      }
      if (!guests.empty() && !hosts.empty())
        misplaced("split-core", fmt::format("host CPUs {} and {} are one core: the guest shares it "
                                            "with QEMU's other threads",
                                            cpu_list(guests), cpu_list(hosts)));
    }
  }

  /* As few groups as the guest's CPUs fill could be enough. */
  template <typename Key> void crossing(const char *kind, const char *noun, Key key) {
    std::map<unsigned, std::size_t> room, used;
    std::size_t cpus = 0;
    const bool one_per_core = is_one_per_core();
    for (const Core &core : topology_.cores) {
      const unsigned group = key(topology_.domains[core.domain]);
      room[group] += one_per_core ? 1 : core.cpus.size();
      for (unsigned cpu : core.cpus)
        if (vcpu_cpus_.contains(cpu)) {
          ++used[group];
          ++cpus;
        }
    }
    std::vector<std::size_t> sizes;
    sizes.reserve(room.size());
    for (const auto &[group, size] : room)
      sizes.push_back(size);
    std::sort(sizes.rbegin(), sizes.rend());
    std::size_t needed = 0, covered = 0;
    while (covered < cpus && needed < sizes.size())
      covered += sizes[needed++];
    if (used.size() > needed) {
      CpuSet groups;
      for (const auto &[group, count] : used)
        groups.insert(group);
      misplaced(kind, fmt::format("the guest is on {}s {}; {} would be enough", noun,
                                  cpu_list(groups), needed));
    }
  }

  bool is_one_per_core() const {
    for (const Core &core : topology_.cores)
      if (std::count_if(core.cpus.begin(), core.cpus.end(),
                        [&](unsigned cpu) { return vcpu_cpus_.contains(cpu); }) > 1)
        return false;
    return guest_.topology.threads == 1;
  }

  void crossings() {
    crossing("node-crossed", "NUMA node", [](const CacheDomain &domain) { return domain.node; });
    if (topology_.has_l3)
      crossing("l3-crossed", "L3", [](const CacheDomain &domain) { return domain.l3; });
  }

  /* How many vCPUs are on each core, if all are on one of their own or on siblings. */
  std::map<const Core *, CpuSet> vcpus_by_core() const {
    std::map<const Core *, CpuSet> on;
    for (unsigned vcpu = 0; vcpu < guest_.topology.cpus; ++vcpu) {
      const Core *core = core_of_vcpu(vcpu);
      if (!core)
        return {};
      on[core].insert(vcpu);
    }
    return on;
  }

  /* Whether threads= of -smp can say which vCPUs are siblings. */
  static bool is_even(const std::map<const Core *, CpuSet> &on) {
    const std::size_t threads = on.begin()->second.size();
    return std::all_of(on.begin(), on.end(), [&](const auto &one) {
      const CpuSet &vcpus = one.second;
      return vcpus.size() == threads && *vcpus.rbegin() - *vcpus.begin() + 1 == threads;
    });
  }

  /* Siblings that cannot be told to the guest; a fault only if they need not be. */
  void uneven() {
    const std::map<const Core *, CpuSet> on = vcpus_by_core();
    if (!misplaced_.empty() || on.empty() || on.size() == guest_.topology.cpus || is_even(on))
      return;
    auto placement = best(request());
    if (placement && placement->mirrored)
      misplaced("threads-differ", "some vCPUs are on sibling CPUs of the host, in an order that "
                                  "threads= cannot tell the guest");
  }

  PlacementRequest request() const {
    PlacementRequest request;
    request.vcpus = guest_.topology.cpus;
    request.rules.one_per_core = is_one_per_core();
    return request;
  }

  /* Where the vCPUs should be, if they are not well where they are. */
  void place_again() {
    if (misplaced_.empty())
      return;
    PlacementRequest wanted = request();
    auto placement = best(wanted);
    if (!placement && wanted.rules.one_per_core) {
      wanted.rules.one_per_core = false;
      placement = best(wanted);
    }
    if (!placement) {
      add("overcommitted", placement.error().message);
      return;
    }
    plan_ = plan_for(topology_, *placement, static_cast<unsigned>(guest_.iothreads.size()), 0);
    std::vector<std::string> lines;
    for (unsigned vcpu = 0; vcpu < plan_->vcpus.size(); ++vcpu) {
      const auto now = guest_.vcpus.find(vcpu);
      if (now == guest_.vcpus.end() || cpu_list(now->second) != plan_->vcpus[vcpu])
        lines.push_back(words_.vcpu(vcpu, plan_->vcpus[vcpu]));
    }
    /* All of them mend it, together. */
    findings_[misplaced_.back()].corrected = std::move(lines);
    vcpu_cpus_ = placement->guest();
  }

  /* With the host's share as it is now, else with one core, else without. */
  Result<Placement> best(PlacementRequest request) const {
    CpuSet hosts = guest_.emulator.value_or(CpuSet());
    for (const auto &[id, cpus] : guest_.iothread_pins)
      hosts.insert(cpus.begin(), cpus.end());
    for (const Core &core : topology_.cores)
      if (std::all_of(core.cpus.begin(), core.cpus.end(),
                      [&](unsigned cpu) { return hosts.contains(cpu); }))
        request.reserve.insert(core.cpus.begin(), core.cpus.end());
    if (!request.reserve.empty()) {
      auto placement = place(topology_, request);
      if (placement)
        return placement;
      request.reserve.clear();
    }
    request.reserve_cores = 1;
    auto placement = place(topology_, request);
    if (placement)
      return placement;
    request.reserve_cores = 0;
    return place(topology_, request);
  }

  /* Host siblings that the guest takes for cores, and the -smp that goes with the pins. */
  void threads() {
    if (plan_) {
      const GuestTopology &then = plan_->topology;
      if (guest_.topology != then)
        add("threads-differ",
            fmt::format("the guest's topology must match the corrected pins: {} threads a core",
                        then.threads),
            {words_.topology(then)});
      return;
    }
    const std::map<const Core *, CpuSet> on = vcpus_by_core();
    if (guest_.topology.threads > 1 || on.empty() || on.size() == guest_.topology.cpus ||
        !is_even(on))
      return;
    const std::size_t threads = on.begin()->second.size();
    GuestTopology better = guest_.topology;
    better.threads = static_cast<unsigned>(threads);
    const unsigned cores = better.cpus / better.threads;
    better.sockets = cores % better.sockets == 0 ? better.sockets : 1;
    better.cores = cores / better.sockets;
    add("threads-differ",
        fmt::format(
            "vCPUs are on {} siblings each of {} host cores, but the guest takes each for a "
            "core",
            threads, on.size()),
        {words_.topology(better)});
  }

  /* All threads of the cores that have any of these. */
  CpuSet cores_with(const CpuSet &cpus) const {
    CpuSet all;
    for (unsigned cpu : cpus)
      if (const auto core = core_of_.find(cpu); core != core_of_.end())
        all.insert(core->second->cpus.begin(), core->second->cpus.end());
    return all;
  }

  /* CPUs that are on no core of the guest's, near to it if there are such. */
  CpuSet for_the_host() const {
    if (plan_)
      return plan_->emulator.empty() ? CpuSet() : *read_cpu_set(plan_->emulator);
    CpuSet free;
    unsigned nearest = 4;
    const std::vector<unsigned> steps = steps_from(topology_, vcpu_cpus_);
    for (const Core &core : topology_.cores) {
      const bool is_free = std::none_of(core.cpus.begin(), core.cpus.end(),
                                        [&](unsigned cpu) { return vcpu_cpus_.contains(cpu); });
      if (!is_free || steps[core.domain] > nearest)
        continue;
      if (steps[core.domain] < nearest) {
        nearest = steps[core.domain];
        free.clear();
      }
      free.insert(core.cpus.begin(), core.cpus.end());
    }
    return free;
  }

  /* The emulator and the iothreads, against where the vCPUs are, or will be. */
  void others() {
    const CpuSet host = for_the_host();
    /* With the vCPUs elsewhere, a core that was the host's may now be split. */
    const CpuSet taken = plan_ ? cores_with(vcpu_cpus_) : vcpu_cpus_;
    const auto fix = [&](std::string line) {
      return host.empty() ? std::vector<std::string>() : std::vector<std::string>{std::move(line)};
    };
    const std::string no_room =
        host.empty() ? "; no core is free for it: give the guest fewer vCPUs" : "";
    const auto check = [&](const char *kind, const std::string &who, const CpuSet *pin,
                           const std::string &line) {
      if (!pin)
        return add(kind, who + " is not pinned, and may run on the vCPUs' CPUs" + no_room,
                   fix(line));
      if (const std::string wrong = unusable_of(*pin); !wrong.empty())
        return add("unusable-cpu", why_unusable(who, wrong), fix(line));
      CpuSet both;
      std::set_intersection(pin->begin(), pin->end(), taken.begin(), taken.end(),
                            std::inserter(both, both.end()));
      if (!both.empty())
        add(kind,
            fmt::format("{} is on host CPU{} {}, where {}{}", who, both.size() == 1 ? "" : "s",
                        cpu_list(both), plan_ ? "the corrected vCPUs' cores are" : "vCPUs run",
                        no_room),
            fix(line));
    };
    if (guest_.vcpus.empty() && !plan_)
      return;
    check("emulator-on-vcpu", "the emulator", guest_.emulator ? &*guest_.emulator : nullptr,
          words_.emulator(cpu_list(host)));
    for (const std::string &id : guest_.iothreads) {
      const auto pin = guest_.iothread_pins.find(id);
      std::string cpus = cpu_list(host);
      if (plan_)
        for (const IothreadPin &planned : plan_->iothreads)
          if (planned.id == "io" + std::to_string(index_of(id)))
            cpus = planned.affinity;
      /* Unpinned ones are the emulator's, and go where it goes. */
      if (pin != guest_.iothread_pins.end() || !guest_.emulator)
        check("iothread-on-vcpu", "iothread '" + id + "'",
              pin == guest_.iothread_pins.end() ? nullptr : &pin->second,
              words_.iothread(id, cpus));
    }
  }

  std::size_t index_of(const std::string &id) const {
    return static_cast<std::size_t>(
        std::find(guest_.iothreads.begin(), guest_.iothreads.end(), id) - guest_.iothreads.begin());
  }

  void topoext() {
    const unsigned threads = plan_ ? plan_->topology.threads : guest_.topology.threads;
    if (topology_.is_amd && threads > 1 && !guest_.topoext)
      add("no-topoext",
          "this host's CPUs are AMD's: without topoext the guest does not see which "
          "vCPUs are siblings",
          {words_.topoext()});
  }

  const Topology &topology_;
  const GuestDescription &guest_;
  Words words_;
  CpuSet usable_, vcpu_cpus_;
  std::map<unsigned, const Core *> core_of_;
  std::vector<Finding> findings_;
  std::vector<std::size_t> misplaced_; /* indices of findings */
  std::optional<PinPlan> plan_;        /* the corrected one */
};

} // namespace

std::vector<Finding> find_faults(const Topology &topology, const GuestDescription &guest) {
  return Checker(topology, guest).run();
}

} // namespace qemu_pin
