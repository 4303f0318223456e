/*
 * Names from outside, which may be any bytes, as text for a terminal or for JSON.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PRINTABLE_H
#define QEMU_PIN_PRINTABLE_H

#include <string>
#include <string_view>

namespace qemu_pin {

/* Bytes that are not printable ASCII become "\x1b" and so on; a backslash, two. */
std::string printable(std::string_view bytes);

} // namespace qemu_pin

#endif
