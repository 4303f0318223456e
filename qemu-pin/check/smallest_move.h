/*
 * The smallest change of vCPU pins that mends a guest.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_SMALLEST_MOVE_H
#define QEMU_PIN_SMALLEST_MOVE_H

#include "check/guest_description.h"
#include "plan/topology.h"

#include <functional>
#include <optional>

namespace qemu_pin {

struct Move {
  GuestDescription guest;
  bool has_new_cpus; /* false: the vCPUs have the CPUs that they had, in another order */
};

/* The guest with the same CPUs in another order, or else with as few vCPU pins changed as can be,
 * to CPUs as near as can be to the other vCPUs', so that is_right of it; nothing if there is no
 * such guest. vCPUs stay within what the guest is bound to (bounds.h), and off the cores of the
 * emulator and the iothreads unless is_right's guest must have them. The guest keeps its threads
 * a core if it can; otherwise its topology tells it of the host's siblings. is_right may mend what
 * goes with the vCPUs. */
std::optional<Move> smallest_move(const Topology &topology, const GuestDescription &guest,
                                  const std::function<bool(GuestDescription &)> &is_right);

/* The same guest with so many threads a core, and sockets if they remain equal. */
GuestTopology with_threads(GuestTopology guest, unsigned threads);

} // namespace qemu_pin

#endif
