/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "placed.h"

#include "plan/roles.h"

#include <gtest/gtest.h>
#include <numeric>

using qemu_pin::cpu_list;
using qemu_pin::CpuSet;
using qemu_pin::Placement;
using qemu_pin::PlacementRequest;
using qemu_pin::Topology;

std::string kinds_of(const Topology &topology) {
  std::vector<CpuSet> kinds(topology.kinds);
  for (const qemu_pin::Core &core : topology.cores)
    kinds.at(core.kind).insert(core.cpus.begin(), core.cpus.end());
  std::string text;
  for (const CpuSet &cpus : kinds)
    text += (text.empty() ? "" : "/") + cpu_list(cpus);
  return text;
}

PlacementRequest wanting(unsigned vcpus, unsigned reserve_cores) {
  PlacementRequest request;
  request.vcpus = vcpus;
  request.reserve_cores = reserve_cores;
  return request;
}

Placement placed(const Topology &topology, const PlacementRequest &request) {
  auto placement = place(topology, request);
  if (!placement) {
    ADD_FAILURE() << placement.error().message;
    return {};
  }
  return *placement;
}

std::string refusal(const Topology &topology, const PlacementRequest &request) {
  auto placement = place(topology, request);
  return placement ? "placed on " + cpu_list(placement->guest()) : placement.error().message;
}

std::string guest_of(const Topology &topology, const Placement &placement) {
  const qemu_pin::GuestTopology guest = plan_for(topology, placement, 0, 0).topology;
  return std::to_string(guest.sockets) + "x" + std::to_string(guest.cores) + "x" +
         std::to_string(guest.threads);
}

std::vector<unsigned> from_to(unsigned first, unsigned last) {
  std::vector<unsigned> cpus(last - first + 1);
  std::iota(cpus.begin(), cpus.end(), first);
  return cpus;
}
