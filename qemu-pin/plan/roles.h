/*
 * A placement becomes a plan: which of the host's CPUs the emulator and the
 * iothreads get, and which iothread serves which disk.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_ROLES_H
#define QEMU_PIN_ROLES_H

#include "pins/pin_plan.h"
#include "plan/placement.h"

namespace qemu_pin {

/*
 * The emulator and the iothreads get the reserved CPUs; without any, those that are
 * left in the guest's cache domains, or else on its nodes, or else anywhere, of slower
 * kinds of core where there are some. If
 * there are more CPUs than iothreads, each iothread has one of its own, and the
 * emulator has the rest; otherwise all share all. If there are none, they are
 * not pinned. Disks take iothreads in turn.
 */
PinPlan plan_for(const Topology &topology, const Placement &placement, unsigned iothreads,
                 unsigned disks);

/* The kinds of findings that a plan must have as it was asked for: by --l3 spread, --split-cores,
 * --overcommit, --cores, or by CPUs named by --reserve. */
std::vector<std::string> accepted_by(const PlacementRequest &request, const Placement &placement);

} // namespace qemu_pin

#endif
