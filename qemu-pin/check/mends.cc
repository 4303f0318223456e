/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/mends.h"

#include "check/guest_cores.h"
#include "check/new_placement.h"
#include "plan/placement_cost.h"

#include <algorithm>

namespace qemu_pin {

namespace {

/* CPUs that are on no core of these vCPUs', near to them if there are such. */
CpuSet free_cpus(const Topology &topology, const CpuSet &vcpus) {
  CpuSet free;
  unsigned nearest = 4;
  const std::vector<unsigned> steps = steps_from(topology, vcpus);
  for (const Core &core : topology.cores) {
    const bool is_free = std::none_of(core.cpus.begin(), core.cpus.end(),
                                      [&](unsigned cpu) { return vcpus.contains(cpu); });
    if (!is_free || steps[core.domain] > nearest)
      continue;
    if (steps[core.domain] < nearest) {
      nearest = steps[core.domain];
      free.clear();
    }
    free.insert(core.cpus.begin(), core.cpus.end());
  }
  return free;
}

/* The topology that tells the guest which of its vCPUs are on host siblings, if it takes
 * each for a core; otherwise its own. */
GuestTopology told_siblings(const Topology &topology, const GuestDescription &guest) {
  const std::map<const Core *, CpuSet> on = GuestCores(topology, guest).vcpus();
  if (guest.topology.threads > 1 || on.empty() || on.size() == guest.topology.cpus || !is_even(on))
    return guest.topology;
  GuestTopology told = guest.topology;
  told.threads = static_cast<unsigned>(on.begin()->second.size());
  const unsigned cores = told.cpus / told.threads;
  told.sockets = cores % told.sockets == 0 ? told.sockets : 1;
  told.cores = cores / told.sockets;
  return told;
}

/* All but the vCPUs' pins as it should be. */
GuestDescription around_vcpus(const Topology &topology, const GuestDescription &guest) {
  GuestDescription mended = guest;
  mended.topology = told_siblings(topology, guest);
  mended.emulator.reset();
  mended.iothread_pins.clear();
  if (const CpuSet free = free_cpus(topology, vcpu_cpus(guest)); !free.empty()) {
    mended.emulator = free;
    for (const std::string &id : guest.iothreads)
      mended.iothread_pins[id] = free;
  }
  return mended;
}

} // namespace

Mend mend_for(const Topology &topology, const GuestDescription &guest, const Faults &faults) {
  Mend mend;
  if (std::any_of(faults.begin(), faults.end(),
                  [](const Fault &fault) { return fault.part == Part::vcpus; })) {
    auto placed = placed_anew(topology, guest);
    mend.moves_vcpus = static_cast<bool>(placed);
    if (placed)
      mend.guest = std::move(*placed);
    else
      mend.failure = placed.error().message;
  }
  if (!mend.moves_vcpus)
    mend.guest = around_vcpus(topology, guest);
  mend.guest.topoext = true;
  return mend;
}

} // namespace qemu_pin
