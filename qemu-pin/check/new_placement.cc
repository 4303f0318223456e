/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/new_placement.h"

#include "check/guest_cores.h"
#include "plan/roles.h"

#include <algorithm>

namespace qemu_pin {

namespace {

/* The CPUs of the cores that the emulator and the iothreads have all of. */
CpuSet cores_of_services(const Topology &topology, const GuestDescription &guest) {
  const CpuSet services = service_cpus(guest);
  CpuSet whole;
  for (const Core &core : topology.cores)
    if (std::all_of(core.cpus.begin(), core.cpus.end(),
                    [&](unsigned cpu) { return services.contains(cpu); }))
      whole.insert(core.cpus.begin(), core.cpus.end());
  return whole;
}

/* The pins of the emulator and of the iothreads, in the order in which the guest has them. */
void take_service_pins(GuestDescription &guest, const PinPlan &plan) {
  guest.emulator.reset();
  guest.iothread_pins.clear();
  if (plan.emulator.empty())
    return;
  guest.emulator = *read_cpu_set(plan.emulator);
  for (std::size_t i = 0; i < guest.iothreads.size(); ++i)
    guest.iothread_pins.emplace(guest.iothreads[i], *read_cpu_set(plan.iothreads[i].affinity));
}

} // namespace

Result<Placement> new_placement(const Topology &topology, const GuestDescription &guest,
                                bool one_per_core) {
  PlacementRequest request;
  request.vcpus = guest.topology.cpus;
  request.rules.one_per_core = one_per_core;
  request.reserve = cores_of_services(topology, guest);
  if (!request.reserve.empty()) {
    auto placement = place(topology, request);
    if (placement)
      return placement;
    request.reserve.clear();
  }
  request.reserve_cores = 1;
  auto placement = place(topology, request);
  if (placement)
    return placement;
  request.reserve_cores = 0;
  return place(topology, request);
}

Result<GuestDescription> placed_anew(const Topology &topology, const GuestDescription &guest) {
  const bool one_per_core = GuestCores(topology, guest).one_per_core();
  auto placement = new_placement(topology, guest, one_per_core);
  if (!placement && one_per_core)
    placement = new_placement(topology, guest, false);
  if (!placement)
    return placement.error();
  const PinPlan plan =
      plan_for(topology, *placement, static_cast<unsigned>(guest.iothreads.size()), 0);
  GuestDescription placed = guest;
  placed.topology = plan.topology;
  placed.vcpus.clear();
  for (unsigned vcpu = 0; vcpu < placement->vcpus.size(); ++vcpu)
    placed.vcpus[vcpu] = {placement->vcpus[vcpu]};
  take_service_pins(placed, plan);
  return placed;
}

} // namespace qemu_pin
