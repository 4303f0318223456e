/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/guest_cores.h"

#include <algorithm>

namespace qemu_pin {

namespace {

std::map<unsigned, const Core *> core_of_cpus(const Topology &topology) {
  std::map<unsigned, const Core *> cores;
  for (const Core &core : topology.cores)
    for (unsigned cpu : core.cpus)
      cores[cpu] = &core;
  return cores;
}

const Core *core_of_all(const std::map<unsigned, const Core *> &cores, const CpuSet &cpus) {
  const Core *core = nullptr;
  for (unsigned cpu : cpus) {
    const auto found = cores.find(cpu);
    if (found == cores.end() || (core && core != found->second))
      return nullptr;
    core = found->second;
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

CpuSet vcpu_cpus(const GuestDescription &guest) {
  CpuSet all;
  for (const auto &[vcpu, cpus] : guest.vcpus)
    all.insert(cpus.begin(), cpus.end());
  return all;
}

CpuSet service_cpus(const GuestDescription &guest) {
  CpuSet all = guest.emulator.value_or(CpuSet());
  for (const auto &[id, cpus] : guest.iothread_pins)
    all.insert(cpus.begin(), cpus.end());
  return all;
}

GuestCores::GuestCores(const Topology &topology, const GuestDescription &guest)
    : vcpus_(guest.topology.cpus),
      one_per_core_(guest.topology.threads == 1 && has_one_per_core(topology, vcpu_cpus(guest))) {
  const std::map<unsigned, const Core *> cores = core_of_cpus(topology);
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
  for (unsigned vcpu = 0; vcpu < vcpus_; ++vcpu) {
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
    return vcpus.size() == threads && *vcpus.rbegin() - *vcpus.begin() + 1 == threads;
  });
}

CpuSet whole_cores(const Topology &topology, const CpuSet &cpus) {
  CpuSet all;
  for (const Core &core : topology.cores)
    if (std::any_of(core.cpus.begin(), core.cpus.end(),
                    [&](unsigned cpu) { return cpus.contains(cpu); }))
      all.insert(core.cpus.begin(), core.cpus.end());
  return all;
}

} // namespace qemu_pin
