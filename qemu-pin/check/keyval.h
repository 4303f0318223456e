/*
 * The syntax of QEMU's -smp, -machine and -readconfig, which is not that of its older options:
 * a word without '=' is refused but at the beginning.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_KEYVAL_H
#define QEMU_PIN_KEYVAL_H

#include "base/result.h"
#include "pins/option_pieces.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace qemu_pin {

/* KEY=VALUE,... in the order given. Fails where QEMU's keyval_parse() does. */
Result<std::vector<OptionPiece>> keyval_pieces(const std::string &text,
                                               const std::string &first_key);

/* A number as QEMU reads it: decimal, 0x1f or 017, with blanks and a sign before it. Nothing if
 * the text is none, or does not fit. */
std::optional<std::int64_t> qemu_number(const std::string &text);

/* on, yes, true, y, or off, no, false, n; nothing for all else. */
std::optional<bool> qemu_bool(const std::string &text);

} // namespace qemu_pin

#endif
