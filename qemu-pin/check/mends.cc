/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/mends.h"

#include "check/guest_cores.h"
#include "check/new_placement.h"
#include "check/service_pins.h"
#include "check/smallest_move.h"

#include <algorithm>

namespace qemu_pin {

namespace {

bool has(const Faults &faults, const std::string &kind) {
  return std::ranges::any_of(faults, [&](const Fault &fault) { return fault.kind == kind; });
}

bool has(const Faults &faults, Part part) {
  return std::ranges::any_of(faults, [&](const Fault &fault) { return fault.part == part; });
}

bool is_vcpus_fault(const Faults &faults) {
  return has(faults, Part::vcpus) || has(faults, Part::topology);
}

/* The guest without those pins of the emulator and the iothreads that it has other ones of in
 * mended: a new pin must not take room that would have been the vCPUs'. */
GuestDescription without_new_services(const GuestDescription &guest,
                                      const GuestDescription &mended) {
  GuestDescription bare = guest;
  if (guest.emulator != mended.emulator)
    bare.emulator.reset();
  std::erase_if(bare.iothread_pins,
                [&](const auto &pin) { return mended.iothread_pins.at(pin.first) != pin.second; });
  return bare;
}

/* Whether vCPUs and all that goes with them are right; mends what goes with them. */
bool is_right(const Topology &topology, GuestDescription &guest, bool services_too,
              bool may_spread) {
  GuestDescription mended = with_services_mended(topology, guest);
  const GuestDescription bare = without_new_services(guest, mended);
  guest = std::move(mended);
  const auto [faults, notes, is_spread] = judge(topology, bare);
  if (is_vcpus_fault(faults) || (is_spread && !may_spread))
    return false;
  const Faults left = judge(topology, guest).faults;
  return !is_vcpus_fault(left) &&
         !(services_too && (has(left, Part::emulator) || has(left, Part::iothread)));
}

} // namespace

Mend mend_for(const Topology &topology, const GuestDescription &original, const Faults &faults) {
  Mend mend;
  GuestDescription guest = as_started(original);
  guest.topoext = true;
  const bool may_spread = judge(topology, guest).is_spread;
  if (has(faults, "emulator-on-fast-core"))
    guest.emulator = cpus_for_services(topology, guest, {});
  mend.guest = guest;
  if (is_right(topology, mend.guest, false, may_spread))
    return mend;
  const auto anew = [&](const GuestDescription &from, bool services_too) {
    auto placed = placed_anew(topology, from);
    if (!placed) {
      mend.failure = placed.error().message;
      return false;
    }
    if (!is_right(topology, *placed, services_too, may_spread))
      return false;
    mend.guest = std::move(*placed);
    mend.way = Way::anew;
    mend.failure.clear();
    return true;
  };
  const auto moved = [&](const GuestDescription &from, bool services_too) {
    auto move = smallest_move(topology, from, [&](GuestDescription &candidate) {
      return is_right(topology, candidate, services_too, may_spread);
    });
    if (!move)
      return false;
    mend.way = move->guest.vcpus == from.vcpus ? Way::kept
               : move->has_new_cpus            ? Way::moved
                                               : Way::permuted;
    mend.guest = std::move(move->guest);
    mend.failure.clear();
    return true;
  };
  /* A launcher's CPUs are only where threads start: where they do not do, pins may leave them. */
  GuestDescription free = guest;
  free.start_set.reset();
  for (const bool services_too : {true, false})
    for (const GuestDescription &from : {guest, free})
      if (from.vcpus.empty() ? anew(from, services_too) || moved(from, services_too)
                             : moved(from, services_too) || anew(from, services_too))
        return mend;
  return mend;
}

} // namespace qemu_pin
