/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/config_groups.h"

#include <algorithm>
#include <fmt/format.h>

namespace qemu_pin {

namespace {

constexpr const char *blanks = " \t\r\v\f";

/* [NAME] or [NAME "ID"]; what follows is passed over, as by QEMU. */
bool read_heading(const std::string &line, ConfigGroup &group) {
  const std::size_t end = line.find_first_of(" \t]\"", 1);
  if (end == std::string::npos || end == 1)
    return false;
  group.name = line.substr(1, end - 1);
  if (line[end] == ']')
    return true;
  const std::size_t open = line.find_first_not_of(blanks, end);
  if (open == std::string::npos || line[open] != '"')
    return false;
  const std::size_t close = line.find('"', open + 1);
  if (close == std::string::npos || close == open + 1)
    return false;
  group.id = line.substr(open + 1, close - open - 1);
  return true;
}

/* KEY = "VALUE", with blanks around '='. A value without quotes is empty to QEMU. */
OptionPiece assignment(const std::string &line, std::size_t start) {
  const std::size_t end = std::min(line.find_first_of(blanks, start), line.size());
  OptionPiece piece{line.substr(start, end - start), ""};
  const std::size_t equals = line.find_first_not_of(blanks, end);
  if (equals == std::string::npos || line[equals] != '=')
    return piece;
  const std::size_t open = line.find_first_not_of(blanks, equals + 1);
  if (open == std::string::npos || line[open] != '"')
    return piece;
  piece.value = line.substr(open + 1, line.find('"', open + 1) - open - 1);
  return piece;
}

} // namespace

Result<std::vector<ConfigGroup>> config_groups(const std::string &text) {
  std::vector<ConfigGroup> groups;
  unsigned number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    const std::size_t start = line.find_first_not_of(blanks);
    if (start == std::string::npos || line[0] == '#')
      continue;
    if (line[0] == '[') {
      ConfigGroup group;
      if (!read_heading(line, group))
        return Error{fmt::format("line {}: '{}' is not the heading of a group", number, line)};
      groups.push_back(std::move(group));
    } else if (groups.empty()) {
      return Error{fmt::format("line {}: no group is before '{}'", number, line)};
    } else {
      groups.back().pieces.push_back(assignment(line, start));
    }
  }
  return groups;
}

} // namespace qemu_pin
