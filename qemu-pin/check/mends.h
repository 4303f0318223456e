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

/* What happens to the vCPUs' pins. The first way that mends all is taken. */
enum class Way {
  kept,     /* nothing */
  permuted, /* they have the same host CPUs, in another order */
  moved,    /* as few as possible have other CPUs */
  anew,     /* all are planned anew: none need be as it was */
};

struct Mend {
  GuestDescription guest; /* as it should be */
  Way way = Way::kept;
  std::string failure; /* why vCPUs with faults stay where they are; empty: they do not */
};

/* faults: of the guest. The emulator and the iothreads have pins off the vCPUs' cores, unless
 * there is no core for them. */
Mend mend_for(const Topology &topology, const GuestDescription &guest, const Faults &faults);

} // namespace qemu_pin

#endif
