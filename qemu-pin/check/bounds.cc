/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/bounds.h"

#include "check/guest_cores.h"

namespace qemu_pin {

CpuSet cpus_for_vcpus(const Topology &topology, const GuestDescription &guest) {
  CpuSet cpus = topology.cpus();
  const CpuSet pins = vcpu_cpus(guest);
  const std::size_t vcpus = present_vcpus(guest).size();
  const auto narrow = [&](CpuSet to) {
    to.keep(cpus);
    if (to.size() >= vcpus)
      cpus = std::move(to);
  };
  if (guest.start_set && (pins.empty() || pins.intersects(*guest.start_set)))
    narrow(*guest.start_set);
  if (pins.empty() || pins.intersects(topology.isolated))
    narrow(topology.isolated);
  else
    narrow(without(cpus, topology.isolated));
  return cpus;
}

CpuSet memory_nodes(const Topology &topology, const GuestDescription &guest, unsigned vcpu) {
  CpuSet nodes;
  for (const GuestMemory &memory : guest.memory)
    if (memory.vcpus.empty() || memory.vcpus.contains(vcpu))
      nodes.merge(memory.host_nodes);
  CpuSet with_cpus;
  for (const CacheDomain &domain : topology.domains)
    if (nodes.contains(domain.node))
      with_cpus.insert(domain.node);
  return with_cpus;
}

std::vector<CpuSet> guest_cells(const GuestDescription &guest) {
  CpuSet left = present_vcpus(guest);
  std::vector<CpuSet> cells;
  if (guest.numa_nodes.size() > 1)
    for (CpuSet cell : guest.numa_nodes) {
      cell.keep(left);
      if (cell.empty())
        continue;
      left = without(left, cell);
      cells.push_back(std::move(cell));
    }
  if (!left.empty())
    cells.push_back(std::move(left));
  return cells;
}

Topology restricted(const Topology &topology, const CpuSet &cpus) {
  Topology some = topology;
  some.cores.clear();
  for (const Core &core : topology.cores) {
    Core own = core;
    std::erase_if(own.cpus, [&](unsigned cpu) { return !cpus.contains(cpu); });
    own.whole = core.whole && own.cpus.size() == core.cpus.size();
    if (!own.cpus.empty())
      some.cores.push_back(std::move(own));
  }
  return some;
}

} // namespace qemu_pin
