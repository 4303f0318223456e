/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/roles.h"

#include <algorithm>
#include <functional>

namespace qemu_pin {

namespace {

/* What is left, but for cores of the fastest kind where slower ones are left. */
CpuSet slower_cpus_left(const Topology &topology, const Placement &placement) {
  CpuSet slower;
  for (const Core &core : topology.cores)
    for (unsigned cpu : core.cpus)
      if (core.kind > 0 && placement.left.contains(cpu))
        slower.insert(cpu);
  return slower.empty() ? placement.left : slower;
}

/* Core by core, those nearest to the guest first. */
std::vector<unsigned> cpus_for_the_host(const Topology &topology, const Placement &placement) {
  const CpuSet guest = placement.guest();
  const std::vector<unsigned> steps = steps_from(topology, guest);
  const CpuSet from =
      placement.reserved.empty() ? slower_cpus_left(topology, placement) : placement.reserved;
  unsigned nearest = 3;
  for (const Core &core : topology.cores)
    for (unsigned cpu : core.cpus)
      if (from.contains(cpu))
        nearest = std::min(nearest, steps[core.domain]);
  std::vector<unsigned> cpus;
  for (const Core &core : topology.cores)
    for (unsigned cpu : core.cpus)
      if (from.contains(cpu) && (!placement.reserved.empty() || steps[core.domain] == nearest))
        cpus.push_back(cpu);
  return cpus;
}

} // namespace

PinPlan plan_for(const Topology &topology, const Placement &placement, unsigned iothreads,
                 unsigned disks) {
  PinPlan plan;
  const auto vcpus = static_cast<unsigned>(placement.vcpus.size());
  plan.topology = {vcpus, placement.sockets, vcpus / placement.sockets / placement.threads,
                   placement.threads};
  for (unsigned cpu : placement.vcpus)
    plan.vcpus.push_back(std::to_string(cpu));
  std::vector<unsigned> cpus = cpus_for_the_host(topology, placement);
  const bool own = cpus.size() > iothreads;
  const std::size_t shared = own ? cpus.size() - iothreads : cpus.size();
  plan.emulator = cpu_list({cpus.begin(), cpus.begin() + static_cast<std::ptrdiff_t>(shared)});
  for (unsigned i = 0; i < iothreads; ++i)
    plan.iothreads.push_back(
        {"io" + std::to_string(i), own ? std::to_string(cpus[shared + i]) : plan.emulator});
  for (unsigned disk = 0; iothreads && disk < disks; ++disk)
    plan.disks.push_back(plan.iothreads[disk % iothreads].id);
  plan.topoext = topology.is_amd && plan.topology.threads > 1;
  return plan;
}

std::vector<std::string> accepted_by(const PlacementRequest &request, const Placement &placement) {
  std::vector<std::string> kinds;
  const auto accept = [&](std::initializer_list<const char *> more) {
    for (const char *kind : more)
      if (std::ranges::find(kinds, kind) == kinds.end())
        kinds.emplace_back(kind);
  };
  if (placement.overcommitted)
    accept({"shared-cpu", "threads-differ", "l3-crossed", "node-crossed", "mixed-kinds",
            "slower-core", "emulator-on-vcpu", "iothread-on-vcpu"});
  if (request.split_cores)
    accept({"split-core", "threads-differ", "l3-crossed"});
  if (request.rules.spread_l3)
    accept({"l3-crossed"});
  if (request.rules.any_core)
    accept({"mixed-kinds", "slower-core", "emulator-on-fast-core"});
  if (!request.reserve.empty())
    accept({"emulator-on-fast-core"});
  return kinds;
}

} // namespace qemu_pin
