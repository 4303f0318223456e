/*
 * vCPUs that go together: a core as the guest sees it, and what it costs to put it on a host core.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_GUEST_CORE_H
#define QEMU_PIN_GUEST_CORE_H

#include "check/guest_description.h"

#include <map>
#include <optional>
#include <vector>

namespace qemu_pin {

struct GuestCore {
  std::vector<unsigned> vcpus; /* in ascending order; only those that are present */
  std::size_t cell;            /* index into guest_cells() */
};

/* Of a guest with so many threads a core; nothing if a core is on two of the guest's NUMA nodes. */
std::optional<std::vector<GuestCore>> guest_cores_of(const GuestDescription &guest,
                                                     unsigned threads);

/* vCPUs on CPUs of one core. */
struct CorePins {
  std::map<unsigned, CpuSet> pins;
  unsigned vcpus = 0;      /* how many */
  unsigned changed = 0;    /* how many pins differ from what they were */
  unsigned strange = 0;    /* of these: to a CPU that the former pin lacks */
  bool keeps_first = true; /* the first vCPU's does not */
};

/* As few pins as possible change; those that do get the first CPUs that are left over. cpus: of
 * one core; at least as many as the guest core has vCPUs. */
CorePins put_on(const GuestDescription &guest, const GuestCore &core,
                const std::vector<unsigned> &cpus);

} // namespace qemu_pin

#endif
