/*
 * Text helpers: a value without its newline, a count with its noun.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_WORDS_H
#define QEMU_PIN_WORDS_H

#include <cstddef>
#include <string>
#include <string_view>

namespace qemu_pin {

/* A value without newlines at its end. */
inline std::string stripped(std::string_view value) {
  return std::string(value.substr(0, value.find_last_not_of('\n') + 1));
}

/* "1 thread", "2 threads"; noun: of one. */
inline std::string counted(std::size_t count, const std::string &noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

} // namespace qemu_pin

#endif
