/*
 * What is wrong with a guest's pins on a host.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_FINDINGS_H
#define QEMU_PIN_FINDINGS_H

#include "check/guest_description.h"
#include "plan/topology.h"

#include <string>
#include <vector>

namespace qemu_pin {

struct Finding {
  /* Stable, for programs: "unreadable", "no-such-vcpu", "unusable-cpu", "unpinned-vcpu",
   * "shared-cpu", "siblings-apart", "threads-differ", "split-core", "l3-crossed",
   * "node-crossed", "emulator-on-vcpu", "iothread-on-vcpu", "no-such-iothread",
   * "no-topoext", "overcommitted". */
  std::string kind;
  std::string message;                /* one line */
  std::vector<std::string> corrected; /* options, or elements, as they should be */
};

/* In the order above. The corrected options of all findings belong together: with all
 * of them there is nothing to find any more, unless a message says otherwise. */
std::vector<Finding> find_faults(const Topology &topology, const GuestDescription &guest);

} // namespace qemu_pin

#endif
