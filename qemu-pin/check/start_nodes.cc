/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/start_nodes.h"

#include <fmt/format.h>

namespace qemu_pin {

namespace {

CpuSet cpus_of_node(const Topology &topology, unsigned node) {
  CpuSet cpus;
  for (const Core &core : topology.cores)
    if (topology.domains[core.domain].node == node)
      cpus.insert(core.cpus.begin(), core.cpus.end());
  return cpus;
}

} // namespace

void resolve_start_nodes(const Topology &topology, GuestDescription &guest) {
  if (!guest.start_nodes)
    return;
  CpuSet cpus;
  for (unsigned node : *guest.start_nodes) {
    const CpuSet more = cpus_of_node(topology, node);
    if (more.empty())
      guest.errors.push_back(fmt::format(
          "numactl --cpunodebind: the host has no CPUs that may be used on node {}", node));
    cpus.merge(more);
  }
  if (!cpus.empty() && guest.start_set)
    cpus.keep(*guest.start_set); /* systemd-run's AllowedCPUs */
  guest.unread.start_set = guest.unread.start_set || cpus.empty();
  guest.start_set = cpus.empty() ? std::optional<CpuSet>() : cpus;
  guest.start_nodes.reset();
}

} // namespace qemu_pin
