/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "message.h"

#include <system_error>

namespace vcpupin {

std::string escaped(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += hex[byte / 16U];
      out += hex[byte % 16U];
    }
  }
  return out;
}

std::string shortened(std::string_view text) {
  constexpr std::size_t longest = 60;
  return escaped(text.substr(0, longest)) + (text.size() > longest ? "..." : "");
}

std::string quoted(std::string_view text) {
  return "'" + shortened(text) + "'";
}

std::string errno_words(int number) {
  return std::generic_category().message(number);
}

} // namespace vcpupin
