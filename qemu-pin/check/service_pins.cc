/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/service_pins.h"

#include "check/guest_cores.h"
#include "plan/placement_cost.h"

#include <tuple>

namespace qemu_pin {

namespace {

/* The CPUs of cores that have none of these. */
CpuSet cpus_off_cores_of(const Topology &topology, const CpuSet &cpus) {
  CpuSet off;
  for (const Core &core : topology.cores)
    if (!touches(core, cpus))
      off.insert(core.cpus.begin(), core.cpus.end());
  return off;
}

CpuSet best_of(const Topology &topology, const CpuSet &free, const CpuSet &vcpus) {
  const std::vector<unsigned> steps = steps_from(topology, vcpus);
  using Rank = std::tuple<bool, bool, unsigned, unsigned>;
  std::optional<Rank> best;
  CpuSet cpus;
  for (const Core &core : topology.cores) {
    const unsigned away = steps[core.domain];
    for (unsigned cpu : core.cpus) {
      if (!free.contains(cpu))
        continue;
      const Rank rank{topology.isolated.contains(cpu), away > 2, topology.kinds - core.kind, away};
      if (!best || rank < *best) {
        best = rank;
        cpus = CpuSet();
      }
      if (rank == *best)
        cpus.insert(cpu);
    }
  }
  return cpus;
}

} // namespace

std::optional<CpuSet> cpus_of_service(const GuestDescription &guest, const std::string &iothread) {
  if (!iothread.empty()) {
    if (const auto pin = guest.iothread_pins.find(iothread); pin != guest.iothread_pins.end())
      return pin->second;
    if (guest.dialect == Dialect::libvirt)
      return guest.start_set;
  }
  return guest.emulator ? guest.emulator : guest.start_set;
}

CpuSet cpus_for_services(const Topology &topology, const GuestDescription &guest,
                         const CpuSet &old_pin) {
  const CpuSet now = vcpu_cpus(guest);
  CpuSet later = now;
  for (const auto &[vcpu, cpus] : guest.vcpus)
    later.merge(cpus);
  CpuSet free = cpus_off_cores_of(topology, later);
  if (free.empty())
    free = cpus_off_cores_of(topology, now);
  for (const CpuSet &wanted : {old_pin, guest.start_set.value_or(CpuSet())}) {
    CpuSet some = free;
    some.keep(wanted);
    if (!some.empty())
      return some;
  }
  return best_of(topology, free, now);
}

GuestDescription with_services_mended(const Topology &topology, const GuestDescription &guest) {
  const CpuSet off = cpus_off_cores_of(topology, vcpu_cpus(guest));
  GuestDescription mended = guest;
  const auto mend = [&](const std::string &iothread) -> std::optional<CpuSet> {
    const std::optional<CpuSet> now = cpus_of_service(mended, iothread);
    if (now && off.contains_all(*now))
      return std::nullopt;
    CpuSet cpus = cpus_for_services(topology, guest, now.value_or(CpuSet()));
    if (cpus.empty())
      return std::nullopt;
    return cpus;
  };
  /* Of what could not be read nothing is known to be wrong. */
  const Unread &unread = guest.unread;
  if (unread.topology)
    return mended;
  if (!unread.emulator && !unread.start_set)
    if (auto cpus = mend(""))
      mended.emulator = std::move(cpus);
  if (!unread.iothreads)
    for (const std::string &id : guest.iothreads)
      if (auto cpus = mend(id))
        mended.iothread_pins[id] = std::move(*cpus);
  return mended;
}

} // namespace qemu_pin
