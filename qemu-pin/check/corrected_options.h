/*
 * The options, or a domain's elements, by which a guest becomes its mended self.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CORRECTED_OPTIONS_H
#define QEMU_PIN_CORRECTED_OPTIONS_H

#include "check/faults.h"
#include "check/guest_description.h"

#include <string>
#include <vector>

namespace qemu_pin {

/* An option, and the part of the guest that it is about. */
struct CorrectedOption {
  Part part;
  std::string iothread; /* for Part::iothread: which */
  std::string text;
};

/* Those that differ, in the dialect that the guest was described in: topology, CPU model, vCPUs,
 * emulator, iothreads. cpu_model: whether the guest's lacks topoext. */
std::vector<CorrectedOption> corrected_options(const GuestDescription &guest,
                                               const GuestDescription &mended, bool cpu_model);

} // namespace qemu_pin

#endif
