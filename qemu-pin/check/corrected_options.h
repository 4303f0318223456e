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

/* Those of the part that a fault is in, in the dialect that the guest was described in. Of the
 * vCPUs' pins only those that differ. Empty where mended has nothing to put in place. */
std::vector<std::string> corrected_options(const GuestDescription &guest,
                                           const GuestDescription &mended, const Fault &fault);

} // namespace qemu_pin

#endif
