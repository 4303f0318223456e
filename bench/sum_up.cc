/*
 * Sums up samples that a script took: a line for each row, and the ratio of the medians of each
 * two neighbours, of which the first is ours and the second the peer.
 *
 *     sum-up FILE
 *
 * FILE has lines `ROW<tab>UNIT<tab>VALUE`. Exit status: 0 done, 2 usage, or not such a file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "harness/samples.h"
#include "text_table.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct SampledRow {
  std::string name, unit;
  std::vector<double> values;
};

/* In the order of their first values; empty when the file is not as it should be. */
std::vector<SampledRow> read_rows(const std::string &path) {
  std::vector<SampledRow> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream pieces(line);
    std::string name, unit;
    double value = 0;
    if (!std::getline(pieces, name, '\t') || !std::getline(pieces, unit, '\t') ||
        !(pieces >> value) || pieces.peek() != EOF)
      return {};
    auto row = std::find_if(rows.begin(), rows.end(), [&](const SampledRow &one) {
      return one.name == name && one.unit == unit;
    });
    if (row == rows.end())
      row = rows.insert(rows.end(), SampledRow{name, unit, {}});
    row->values.push_back(value);
  }
  return rows;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2) {
    fmt::print(stderr, "Usage: sum-up FILE\n");
    return 2;
  }
  const std::vector<SampledRow> rows = read_rows(argv[1]);
  if (rows.empty()) {
    fmt::print(stderr, "sum-up: {}: no lines ROW<tab>UNIT<tab>VALUE\n", argv[1]);
    return 2;
  }
  std::vector<std::vector<std::string>> lines = {
      {"", "unit", "n", "median", "least", "most", "ratio"}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto [least, most] = std::ranges::minmax(rows[i].values);
    const bool has_peer = i % 2 == 0 && i + 1 < rows.size() && rows[i + 1].unit == rows[i].unit;
    lines.push_back(
        {rows[i].name, rows[i].unit, std::to_string(rows[i].values.size()),
         fmt::format("{:.1f}", median(rows[i].values)), fmt::format("{:.1f}", least),
         fmt::format("{:.1f}", most),
         has_peer ? fmt::format("{:.2f}", median(rows[i].values) / median(rows[i + 1].values))
                  : ""});
  }
  fmt::print("{}", bench::text_table(lines));
}
