/*
 * The names of QEMU's options, so that a value is not taken for an option, and a misspelt
 * option is not passed over.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_OPTION_NAMES_H
#define QEMU_PIN_OPTION_NAMES_H

#include <optional>
#include <string>

namespace qemu_pin {

/* Whether the option of this name ("smp") takes a value; nothing if QEMU 5.2 to 10.2 and we
 * have no such option. */
std::optional<bool> takes_value(const std::string &option);

} // namespace qemu_pin

#endif
