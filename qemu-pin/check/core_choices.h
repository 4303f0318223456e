/*
 * Which host cores a guest's cores may be put on, so that the guest is on as few NUMA nodes, L3s
 * and kinds of core as it can be: usually there are several choices.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CORE_CHOICES_H
#define QEMU_PIN_CORE_CHOICES_H

#include "check/guest_core.h"
#include "plan/topology.h"

#include <vector>

namespace qemu_pin {

/* CPUs of one host core, for one guest core. */
struct Place {
  const Core *core; /* borrowed */
  std::vector<unsigned> cpus;
};

/* Guest cores that share places: those of one or several NUMA nodes. */
struct PlaceChoice {
  std::vector<std::size_t> cores;  /* indices of guest cores */
  std::vector<std::size_t> places; /* indices of places; at least as many */
};

/* Each choice covers all guest cores. The number of choices is bounded: on large hosts only those
 * are in it that have most of the guest's pins. */
std::vector<std::vector<PlaceChoice>> core_choices(const Topology &topology,
                                                   const GuestDescription &guest,
                                                   const std::vector<GuestCore> &cores,
                                                   const std::vector<Place> &places);

} // namespace qemu_pin

#endif
