/*
 * A guest whose vCPUs are placed anew, without regard to where they are: the last way to
 * mend faults in where they are.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_NEW_PLACEMENT_H
#define QEMU_PIN_NEW_PLACEMENT_H

#include "check/guest_description.h"
#include "plan/placement.h"

namespace qemu_pin {

/* The guest with the pins of the best placement that keeps within what the guest is bound to
 * (bounds.h), for the emulator and the iothreads too, and the topology that goes with them. The
 * host keeps the whole cores that the emulator and the iothreads have now; if there are none, or
 * that leaves too little room, one core; if that does, none. Without an emulator's pin no CPU is
 * left for it, and then the iothreads have no pins either. One vCPU a core stays so if there is
 * room. Fails as place() does. */
Result<GuestDescription> placed_anew(const Topology &topology, const GuestDescription &guest);

} // namespace qemu_pin

#endif
