/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/pin_sets.h"

#include "check/guest_cores.h"

#include <algorithm>

namespace qemu_pin {

namespace {

/* Gives as many vCPUs as possible a CPU of their own (Kuhn's matching). What a failed search has
 * reached stays marked: its vCPUs have too few CPUs, and no later search can free one of them. */
class Matching {
public:
  explicit Matching(const std::map<unsigned, CpuSet> &pins) : pins_(pins) {
    for (const auto &[vcpu, cpus] : pins)
      if (cpus.last() >= vcpu_of_.size())
        vcpu_of_.resize(cpus.last() + 1, nobody);
    for (const auto &[vcpu, cpus] : pins) {
      reached_ = dead_;
      if (!find_place(vcpu)) {
        dead_ = reached_;
        crowded_.insert(vcpu);
      }
    }
  }

  /* Those without a CPU, and all whose CPUs these could be given. */
  CpuSet crowded() const {
    CpuSet all = crowded_;
    for (unsigned cpu : dead_)
      all.insert(vcpu_of_[cpu]);
    return all;
  }

private:
  static constexpr unsigned nobody = ~0U;

  bool find_place(unsigned vcpu) {
    const CpuSet &cpus = pins_.at(vcpu);
    for (unsigned cpu : cpus)
      if (vcpu_of_[cpu] == nobody) {
        vcpu_of_[cpu] = vcpu;
        return true;
      }
    for (unsigned cpu : cpus) {
      if (reached_.contains(cpu))
        continue;
      reached_.insert(cpu);
      if (find_place(vcpu_of_[cpu])) {
        vcpu_of_[cpu] = vcpu;
        return true;
      }
    }
    return false;
  }

  const std::map<unsigned, CpuSet> &pins_;
  std::vector<unsigned> vcpu_of_; /* by CPU */
  CpuSet reached_, dead_, crowded_;
};

/* Puts vCPUs together that have CPUs in common, also by way of others. */
std::vector<VcpuGroup> connected(const std::map<unsigned, CpuSet> &pins, const CpuSet &vcpus) {
  std::vector<VcpuGroup> groups;
  for (unsigned vcpu : vcpus) {
    VcpuGroup all{{vcpu}, pins.at(vcpu)};
    for (const VcpuGroup &group : groups)
      if (group.cpus.intersects(pins.at(vcpu))) {
        all.vcpus.merge(group.vcpus);
        all.cpus.merge(group.cpus);
      }
    std::erase_if(groups, [&](const VcpuGroup &group) { return group.cpus.intersects(all.cpus); });
    groups.push_back(std::move(all));
  }
  std::ranges::sort(groups, {}, [](const VcpuGroup &group) { return *group.vcpus.begin(); });
  return groups;
}

} // namespace

PinSets::PinSets(const GuestDescription &guest) {
  const CpuSet present = present_vcpus(guest);
  std::map<unsigned, CpuSet> pins;
  for (const auto &[vcpu, cpus] : guest.vcpus)
    if (present.contains(vcpu))
      pins.emplace(vcpu, cpus);
  const CpuSet crowded = Matching(pins).crowded();
  crowds_ = connected(pins, crowded);
  for (const auto &[vcpu, cpus] : pins)
    if (!crowded.contains(vcpu))
      vcpus_of_[cpus].insert(vcpu);
  CpuSet seen;
  for (const auto &[cpus, vcpus] : vcpus_of_) {
    CpuSet both = cpus;
    both.keep(seen);
    overlap_.cpus.merge(both);
    seen.merge(cpus);
  }
  for (const auto &[cpus, vcpus] : vcpus_of_)
    if (cpus.intersects(overlap_.cpus))
      overlap_.vcpus.merge(vcpus);
}

} // namespace qemu_pin
