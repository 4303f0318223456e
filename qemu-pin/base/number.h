/*
 * Whole decimal numbers in text.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_NUMBER_H
#define QEMU_PIN_NUMBER_H

#include <charconv>
#include <optional>
#include <string_view>

namespace qemu_pin {

/* The whole of text as a decimal number; nothing if it is none, or does not fit. */
template <typename T> std::optional<T> number(std::string_view text) {
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

} // namespace qemu_pin

#endif
