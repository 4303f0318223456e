/*
 * How a guest should be: the guest without those faults that can be mended.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_MENDS_H
#define QEMU_PIN_MENDS_H

#include "check/faults.h"
#include "check/guest_description.h"
#include "plan/topology.h"

#include <string>

namespace qemu_pin {

struct Mend {
  /* Each part as it should be if it had a fault. The emulator and the iothreads have pins
   * that they do not share with vCPUs, or none if no core is free for them. */
  GuestDescription guest;
  bool moves_vcpus = false; /* their pins are new, though some may be what they were */
  std::string failure;      /* why vCPUs with faults stay where they are; empty: they do not */
};

/* faults: of the guest, in its options and in where its vCPUs are. The vCPUs stay where they
 * are unless one of the faults is of Part::vcpus. A way to mend those is a function from the
 * topology and the guest to a guest with its vCPUs elsewhere, or an error. */
Mend mend_for(const Topology &topology, const GuestDescription &guest, const Faults &faults);

} // namespace qemu_pin

#endif
