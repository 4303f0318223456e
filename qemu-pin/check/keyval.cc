/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/keyval.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fmt/core.h>

namespace qemu_pin {

namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Fragments with dots between: each a number, or a name. */
bool is_key(const std::string &key) {
  for (std::size_t start = 0;;) {
    const std::size_t end = std::min(key.find('.', start), key.size());
    const std::string part = key.substr(start, end - start);
    const bool is_name =
        !part.empty() && is_letter(part[0]) && std::all_of(part.begin(), part.end(), [](char c) {
          return is_letter(c) || is_digit(c) || c == '-' || c == '_';
        });
    if (!is_name && (part.empty() || !std::all_of(part.begin(), part.end(), is_digit)))
      return false;
    if (end == key.size())
      return true;
    start = end + 1;
  }
}

} // namespace

Result<std::vector<OptionPiece>> keyval_pieces(const std::string &text,
                                               const std::string &first_key) {
  std::vector<OptionPiece> pieces;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t word_end = std::min(text.find_first_of("=,", at), text.size());
    std::string key = text.substr(at, word_end - at);
    if (pieces.empty() && !key.empty() && (word_end == text.size() || text[word_end] == ',')) {
      pieces.push_back({first_key, key});
      at = std::min(word_end + 1, text.size());
      continue;
    }
    if (!is_key(key))
      return Error{"'" + key + "' is not a key"};
    if (word_end == text.size() || text[word_end] != '=')
      return Error{fmt::format("'{}' lacks its value: write {}=VALUE", key, key)};
    std::string value;
    for (at = word_end + 1; at < text.size(); ++at) {
      if (text[at] == ',' && (at + 1 == text.size() || text[++at] != ','))
        break; /* at is at the next key, or at the last comma */
      value += text[at];
    }
    if (at + 1 == text.size() && text[at] == ',')
      ++at;
    pieces.push_back({std::move(key), std::move(value)});
  }
  return pieces;
}

std::optional<std::int64_t> qemu_number(const std::string &text) {
  char *end = nullptr;
  errno = 0;
  const long long value = std::strtoll(text.c_str(), &end, 0);
  if (errno || end == text.c_str() || end != text.c_str() + text.size())
    return std::nullopt;
  return value;
}

std::optional<bool> qemu_bool(const std::string &text) {
  if (text == "on" || text == "yes" || text == "true" || text == "y")
    return true;
  if (text == "off" || text == "no" || text == "false" || text == "n")
    return false;
  return std::nullopt;
}

} // namespace qemu_pin
