/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/guest_cores.h"

#include <algorithm>

namespace qemu_pin {

namespace {

const Core *core_of_all(const CoreIndex &cores, const CpuSet &cpus) {
  const Core *core = nullptr;
  for (unsigned cpu : cpus) {
    const Core *found = cores.of(cpu);
    if (!found || (core && core != found))
      return nullptr;
    core = found;
  }
  return core;
}

bool has_one_per_core(const Topology &topology, const CpuSet &cpus) {
  return std::none_of(topology.cores.begin(), topology.cores.end(), [&](const Core &core) {
    return std::count_if(core.cpus.begin(), core.cpus.end(),
                         [&](unsigned cpu) { return cpus.contains(cpu); }) > 1;
  });
}

} // namespace

bool is_present(const GuestDescription &guest, unsigned vcpu) {
  return vcpu < guest.topology.cpus && !guest.absent.contains(vcpu);
}

CpuSet present_vcpus(const GuestDescription &guest) {
  CpuSet present;
  for (unsigned vcpu = 0; vcpu < guest.topology.cpus; ++vcpu)
    if (is_present(guest, vcpu))
      present.insert(vcpu);
  return present;
}

GuestDescription as_started(const GuestDescription &guest) {
  GuestDescription started = guest;
  if (guest.dialect == Dialect::libvirt && guest.start_set)
    for (unsigned vcpu : present_vcpus(guest))
      started.vcpus.emplace(vcpu, *guest.start_set);
  return started;
}

CpuSet vcpu_cpus(const GuestDescription &guest) {
  CpuSet all;
  for (const auto &[vcpu, cpus] : guest.vcpus)
    if (is_present(guest, vcpu))
      all.merge(cpus);
  return all;
}

CpuSet service_cpus(const GuestDescription &guest) {
  CpuSet all = guest.emulator.value_or(CpuSet());
  for (const auto &[id, cpus] : guest.iothread_pins)
    all.merge(cpus);
  return all;
}

GuestCores::GuestCores(const Topology &topology, const GuestDescription &guest)
    : present_(present_vcpus(guest)),
      one_per_core_(guest.topology.threads == 1 && has_one_per_core(topology, vcpu_cpus(guest))) {
  const CoreIndex cores(topology);
  for (const auto &[vcpu, cpus] : guest.vcpus)
    if (const Core *core = core_of_all(cores, cpus))
      core_[vcpu] = core;
}

const Core *GuestCores::of(unsigned vcpu) const {
  const auto found = core_.find(vcpu);
  return found == core_.end() ? nullptr : found->second;
}

std::map<const Core *, CpuSet> GuestCores::vcpus() const {
  std::map<const Core *, CpuSet> on;
  for (unsigned vcpu : present_) {
    const Core *core = of(vcpu);
    if (!core)
      return {};
    on[core].insert(vcpu);
  }
  return on;
}

bool is_even(const std::map<const Core *, CpuSet> &on) {
  const std::size_t threads = on.begin()->second.size();
  return std::all_of(on.begin(), on.end(), [&](const auto &one) {
    const CpuSet &vcpus = one.second;
    return vcpus.size() == threads && *vcpus.begin() % threads == 0 &&
           vcpus.last() - *vcpus.begin() + 1 == threads;
  });
}

bool touches(const Core &core, const CpuSet &cpus) {
  return std::any_of(core.cpus.begin(), core.cpus.end(),
                     [&](unsigned cpu) { return cpus.contains(cpu); });
}

} // namespace qemu_pin
