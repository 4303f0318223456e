/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/printable.h"

#include <fmt/format.h>

namespace qemu_pin {

std::string printable(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\')
      text += "\\\\";
    else if (byte >= 0x20 && byte < 0x7f)
      text += c;
    else
      text += fmt::format("\\x{:02x}", byte);
  }
  return text;
}

} // namespace qemu_pin
