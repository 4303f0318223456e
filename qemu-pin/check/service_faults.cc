/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/service_faults.h"

#include "base/words.h"
#include "check/fault_words.h"
#include "check/pin_sets.h"
#include "check/service_pins.h"
#include "check/vcpu_faults.h"

#include <algorithm>
#include <fmt/format.h>

namespace qemu_pin {

namespace {

class ServiceJudge {
public:
  ServiceJudge(const Topology &topology, const GuestDescription &guest, const GuestCores &cores,
               Judgement &judgement)
      : topology_(topology), guest_(guest), cores_(cores), judgement_(judgement) {
    vcpus_ = vcpu_cpus(guest);
    const PinSets sets(guest);
    is_pool_ = sets.crowds().empty() && sets.overlap().vcpus.empty() &&
               std::ranges::all_of(sets.vcpus_of(), [](const auto &one) {
                 return one.first.size() > 1 && one.second.size() > 1;
               });
    is_free_ = !cpus_for_services(topology, guest, {}).empty();
  }

  void judge() {
    if (vcpus_.empty())
      return;
    service("", "the emulator", {Part::emulator, "emulator-on-vcpu", "", ""});
    for (const std::string &id : guest_.iothreads) {
      /* Without a pin it goes where the emulator goes, in a patched QEMU. */
      if (guest_.dialect == Dialect::libvirt || guest_.iothread_pins.contains(id))
        service(id, "iothread '" + id + "'", {Part::iothread, "iothread-on-vcpu", "", id});
    }
    if (no_room_)
      judgement_.notes.push_back("the guest has every core: QEMU's other threads run on the vCPUs' "
                                 "CPUs; " +
                                 fewer_vcpus());
    fast_core();
  }

private:
  void add(Fault fault, std::string message) {
    fault.message = std::move(message);
    judgement_.faults.push_back(std::move(fault));
  }

  /* What to do where each core has vCPUs: how many fewer leave one, preferably the one where the
   * emulator is, or else the slowest. */
  std::string fewer_vcpus() const {
    const CpuSet services = service_cpus(guest_);
    const Core *leave = nullptr;
    for (const Core &core : topology_.cores)
      if (!leave || std::pair(touches(core, services), core.kind) >
                        std::pair(touches(*leave, services), leave->kind))
        leave = &core;
    std::size_t vcpus = 0;
    for (unsigned vcpu : cores_.present())
      vcpus += cores_.of(vcpu) != leave;
    if (vcpus == cores_.present().size() || !vcpus)
      return "give the guest fewer vCPUs, and leave a core to the emulator";
    return fmt::format("give the guest {}, and leave the core of {} to the emulator",
                       counted(vcpus, "vCPU"),
                       cpus_text(cpu_list({leave->cpus.begin(), leave->cpus.end()})));
  }

  void service(const std::string &id, const std::string &who, const Fault &fault) {
    const bool is_pinned =
        id.empty() ? guest_.emulator.has_value() : guest_.iothread_pins.contains(id);
    const std::optional<CpuSet> cpus = cpus_of_service(guest_, id);
    if (!cpus) {
      if (is_free_)
        add(fault, who + " is not pinned, and may run on the vCPUs' CPUs");
      else
        no_room_ = true;
      return;
    }
    if (const std::string why = is_pinned ? why_unusable(topology_, *cpus) : ""; !why.empty()) {
      Fault unusable = fault;
      unusable.kind = "unusable-cpu";
      return add(unusable,
                 fmt::format("{} is pinned to host CPUs that cannot be used: {}", who, why));
    }
    CpuSet both = *cpus;
    both.keep(vcpus_);
    if (both.empty())
      return split(who, *cpus, fault);
    if (is_pool_) {
      /* A cloud's pool: the kernel finds room for all in it. */
      if (id.empty())
        judgement_.notes.push_back(
            fmt::format("the emulator shares {} with the vCPUs", cpus_text(cpu_list(both))));
      return;
    }
    add(fault, fmt::format("{} {} {}, where vCPUs run{}", who,
                           is_pinned ? "is on host" : "is not pinned: it inherits host",
                           cpus_text(cpu_list(both)),
                           is_free_ ? "" : "; no core is free for it: " + fewer_vcpus()));
  }

  /* Half a core for the guest and half for what serves it. */
  void split(const std::string &who, const CpuSet &cpus, Fault fault) {
    CpuSet guests, hosts;
    for (const Core &core : topology_.cores)
      if (touches(core, vcpus_) && touches(core, cpus))
        for (unsigned cpu : core.cpus) {
          if (vcpus_.contains(cpu))
            guests.insert(cpu);
          else if (cpus.contains(cpu))
            hosts.insert(cpu);
        }
    if (guests.empty())
      return;
    fault.kind = "split-core";
    if (!is_free_)
      fault.part = Part::vcpus;
    add(fault,
        fmt::format("{} is on {}, the sibling{} (hyperthread{}) of {}, where vCPUs run: they "
                    "slow each other",
                    who, cpus_text(cpu_list(hosts)), hosts.size() == 1 ? "" : "s",
                    hosts.size() == 1 ? "" : "s", cpus_text(cpu_list(guests))));
  }

  /* A core of the fastest kind that only the emulator has, while vCPUs are on slower ones. */
  void fast_core() {
    if (topology_.kinds < 2 || !guest_.emulator)
      return;
    CpuSet fast;
    bool is_slower = false, is_slower_free = false, has_slower_vcpu = false, has_fast_vcpu = false;
    for (const Core &core : topology_.cores) {
      const bool is_its = touches(core, *guest_.emulator);
      if (is_its && core.kind == 0)
        fast.insert(core.cpus.begin(), core.cpus.end());
      is_slower = is_slower || (is_its && core.kind > 0);
      has_fast_vcpu = has_fast_vcpu || (core.kind == 0 && touches(core, vcpus_));
      has_slower_vcpu = has_slower_vcpu || (core.kind > 0 && touches(core, vcpus_));
      is_slower_free = is_slower_free || (core.kind > 0 && !touches(core, vcpus_));
    }
    if (fast.empty() || is_slower || fast.intersects(vcpus_))
      return;
    const std::string text = fmt::format("the emulator has a {} ({})",
                                         short_kind_name(topology_, 0), cpus_text(cpu_list(fast)));
    if (has_fast_vcpu && has_slower_vcpu && is_slower_free)
      add({Part::emulator, "emulator-on-fast-core", "", ""},
          text + ", while vCPUs are on slower cores; a slower core would do for it");
    else if (is_slower_free)
      judgement_.notes.push_back(text + "; slower cores are free, and would do for it");
  }

  const Topology &topology_;
  const GuestDescription &guest_;
  const GuestCores &cores_;
  Judgement &judgement_;
  CpuSet vcpus_;
  bool is_pool_; /* vCPUs float, several on the same CPUs, as clouds place them */
  bool is_free_ = false, no_room_ = false;
};

} // namespace

void judge_services(const Topology &topology, const GuestDescription &guest,
                    const GuestCores &cores, Judgement &judgement) {
  ServiceJudge(topology, guest, cores, judgement).judge();
}

} // namespace qemu_pin
