/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/new_placement.h"

#include "check/bounds.h"
#include "check/guest_cores.h"
#include "check/service_pins.h"
#include "check/smallest_move.h"

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

/* one_per_core: see CostRules. */
Result<Placement> new_placement(const Topology &topology, const GuestDescription &guest,
                                bool one_per_core) {
  const CpuSet present = present_vcpus(guest);
  PlacementRequest request;
  request.vcpus = static_cast<unsigned>(present.size());
  request.rules.one_per_core = one_per_core;
  for (unsigned vcpu : present)
    request.nodes.merge(memory_nodes(topology, guest, vcpu));
  request.reserve = cores_of_services(topology, guest);
  if (!request.reserve.empty()) {
    auto placement = place(topology, request);
    if (placement)
      return placement;
    request.reserve = CpuSet();
  }
  if (topology.cores.size() > 1) {
    request.reserve_cores = 1;
    auto placement = place(topology, request);
    if (placement)
      return placement;
    request.reserve_cores = 0;
  }
  return place(topology, request);
}

} // namespace

Result<GuestDescription> placed_anew(const Topology &topology, const GuestDescription &guest) {
  const Topology bound = restricted(topology, cpus_for_vcpus(topology, guest));
  const bool one_per_core = GuestCores(topology, guest).one_per_core() && !guest.vcpus.empty();
  auto placement = new_placement(bound, guest, one_per_core);
  if (!placement && one_per_core)
    placement = new_placement(bound, guest, false);
  if (!placement)
    return placement.error();
  GuestDescription placed = guest;
  placed.topology.threads = placement->threads;
  if (guest.absent.empty()) {
    placed.topology.sockets = placement->sockets;
    placed.topology.cores = placed.topology.cpus / placement->sockets / placement->threads;
  } else {
    placed.topology = with_threads(guest.topology, placement->threads);
  }
  std::size_t next = 0;
  for (unsigned vcpu : present_vcpus(guest))
    placed.vcpus[vcpu] = {placement->vcpus[next++]};
  return with_services_mended(topology, placed);
}

} // namespace qemu_pin
