/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/guest_core.h"

#include "check/bounds.h"
#include "check/guest_cores.h"

#include <algorithm>

namespace qemu_pin {

std::optional<std::vector<GuestCore>> guest_cores_of(const GuestDescription &guest,
                                                     unsigned threads) {
  const std::vector<CpuSet> cells = guest_cells(guest);
  const auto cell_of = [&](unsigned vcpu) {
    return static_cast<std::size_t>(
        std::ranges::find_if(cells, [&](const CpuSet &cell) { return cell.contains(vcpu); }) -
        cells.begin());
  };
  std::vector<GuestCore> cores;
  for (unsigned vcpu : present_vcpus(guest)) {
    const std::size_t cell = cell_of(vcpu);
    if (cores.empty() || cores.back().vcpus[0] / threads != vcpu / threads)
      cores.push_back({{}, cell});
    else if (cores.back().cell != cell)
      return std::nullopt;
    cores.back().vcpus.push_back(vcpu);
  }
  return cores;
}

CorePins put_on(const GuestDescription &guest, const GuestCore &core,
                const std::vector<unsigned> &cpus) {
  const CpuSet all(cpus.begin(), cpus.end());
  const auto pin_of = [&](unsigned vcpu) {
    const auto pin = guest.vcpus.find(vcpu);
    return pin == guest.vcpus.end() ? nullptr : &pin->second;
  };
  CorePins put;
  put.vcpus = static_cast<unsigned>(core.vcpus.size());
  /* A set that all of the guest core's vCPUs have may stay one. */
  const CpuSet *first = pin_of(core.vcpus[0]);
  if (first && first->size() >= core.vcpus.size() && all.contains_all(*first) &&
      std::ranges::all_of(core.vcpus,
                          [&](unsigned vcpu) { return pin_of(vcpu) && *pin_of(vcpu) == *first; })) {
    for (unsigned vcpu : core.vcpus)
      put.pins[vcpu] = *first;
    return put;
  }
  CpuSet left = all;
  for (unsigned vcpu : core.vcpus)
    if (const CpuSet *pin = pin_of(vcpu); pin && pin->size() == 1 && left.contains(*pin->begin())) {
      put.pins[vcpu] = *pin;
      left.erase(*pin->begin());
    }
  put.keeps_first = put.pins.contains(core.vcpus[0]);
  for (unsigned vcpu : core.vcpus)
    if (!put.pins.contains(vcpu)) {
      /* One of its own CPUs rather than another, if its pin is a set. */
      CpuSet own = left;
      if (const CpuSet *pin = pin_of(vcpu))
        own.keep(*pin);
      else
        own = CpuSet();
      put.strange += own.empty();
      const unsigned cpu = own.empty() ? *left.begin() : *own.begin();
      put.pins[vcpu] = {cpu};
      left.erase(cpu);
      ++put.changed;
    }
  return put;
}

} // namespace qemu_pin
