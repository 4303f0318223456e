/*
 * A picture of figures: drawn by gnuplot, as SVG.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_CORE_PLOT_H
#define BENCH_CORE_PLOT_H

#include "base/result.h"

#include <optional>
#include <string>
#include <vector>

namespace bench {

struct PlotPoint {
  double x, y;
  double low, high; /* of y; equal to it: no interval is drawn */
};

struct PlotSeries {
  std::string title;
  std::vector<PlotPoint> points;
};

struct Plot {
  /* bars: one series, x is the index into labels; lines: points joined; steps: a histogram */
  enum class Kind { bars, lines, steps } kind = Kind::bars;
  std::string title, x_title, y_title;
  bool log_x = false, log_y = false;
  std::vector<std::string> labels = {}; /* of bars */
  std::vector<PlotSeries> series = {};
};

/* Writes the SVG, whole or not at all. Fails when gnuplot is missing or refuses, with its
 * words. */
qemu_pin::Result<> write_svg(const Plot &plot, const std::string &path);

} // namespace bench

#endif
