/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text_table.h"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>

namespace bench {

std::string text_table(const std::vector<std::vector<std::string>> &lines) {
  std::vector<std::size_t> widths(lines.front().size());
  for (const auto &line : lines)
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], line[i].size());
  std::string text;
  for (const auto &line : lines) {
    std::string row = fmt::format("  {:<{}}", line[0], widths[0]);
    for (std::size_t i = 1; i < line.size(); ++i)
      row += fmt::format("  {:>{}}", line[i], widths[i]);
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

} // namespace bench
