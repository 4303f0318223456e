/*
 * The faults in a guest's pins on a host, and the options that mend them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_FINDINGS_H
#define QEMU_PIN_FINDINGS_H

#include "check/guest_description.h"
#include "check/mends.h"
#include "plan/topology.h"

#include <string>
#include <vector>

namespace qemu_pin {

struct Finding {
  /* Stable, for programs: "unreadable", "no-such-vcpu", "no-such-iothread", "unusable-cpu",
   * "unpinned-vcpu", "shared-cpu", "floating-vcpu", "siblings-apart", "threads-differ",
   * "mixed-kinds", "slower-core", "l3-crossed", "node-crossed", "memory-far", "split-core",
   * "emulator-on-vcpu", "iothread-on-vcpu", "emulator-on-fast-core", "no-topoext",
   * "overcommitted". */
  std::string kind;
  std::string message;                /* one line */
  std::vector<std::string> corrected; /* options, or elements, as they should be */
};

struct Findings {
  std::vector<Finding> list;      /* in the order above */
  std::vector<std::string> notes; /* what is no fault, but worth a line */
  /* All corrected options, each once. With all of them there is nothing to find any more, unless
   * a message says otherwise. */
  std::vector<std::string> mend;
  std::string
      mend_title; /* what they do, without a colon: "4 of 8 vCPU pins change"; may be empty */
  Way way = Way::kept;
};

Findings find_faults(const Topology &topology, const GuestDescription &guest);

} // namespace qemu_pin

#endif
