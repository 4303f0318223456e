/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tail_picture.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace bench {

namespace {

constexpr double first_length = 1; /* microseconds */
constexpr int steps_per_doubling = 2;

double step(int number) {
  return first_length * std::exp2(static_cast<double>(number) / steps_per_doubling);
}

int step_of(double length) {
  return std::max(
      0, static_cast<int>(std::floor(std::log2(length / first_length) * steps_per_doubling)));
}

int last_step(const Delays &delays) {
  return step_of(std::max(delays.longest(), first_length));
}

/* A logarithmic axis has no zero: lengths that were not seen are drawn below one gap in
 * all of the time. */
PlotSeries histogram(const std::string &arm, const Delays &delays) {
  std::vector<double> times(static_cast<std::size_t>(last_step(delays)) + 1);
  for (const Gap &gap : delays.gaps)
    times[static_cast<std::size_t>(step_of(gap.length))] += gap.times;
  times.push_back(0); /* where the last step ends */
  PlotSeries series{arm, {}};
  for (int i = 0; i < static_cast<int>(times.size()); ++i) {
    const double seen = std::max(times[static_cast<std::size_t>(i)], 0.3);
    const double per_second = seen / (delays.window / 1e6);
    series.points.push_back({step(i), per_second, per_second, per_second});
  }
  return series;
}

PlotSeries tail(const std::string &arm, const Delays &delays) {
  PlotSeries series{arm, {}};
  for (int i = 0; i <= last_step(delays); ++i)
    if (const double share = 100 * delays.share_above(step(i)); share > 0)
      series.points.push_back({step(i), share, share, share});
  return series;
}

} // namespace

void add_pictures(Report &report, const DelaysByArm &delays, const std::string &accelerator) {
  Plot gaps;
  gaps.kind = Plot::Kind::steps;
  gaps.title = "Gaps of a guest, " + accelerator;
  gaps.x_title = "length, us (two steps a doubling)";
  gaps.y_title = "gaps a second (bottom: none seen)";
  gaps.log_x = gaps.log_y = true;
  Plot moments = gaps;
  moments.kind = Plot::Kind::lines;
  moments.title = "Delay of something that comes at any moment, " + accelerator;
  moments.x_title = "delay until the guest runs, us";
  moments.y_title = "moments with a longer delay, %";
  for (const auto &[arm, seen] : delays)
    if (arm.ends_with(" " + accelerator)) {
      gaps.series.push_back(histogram(arm, seen));
      if (PlotSeries series = tail(arm, seen); !series.points.empty())
        moments.series.push_back(std::move(series));
    }
  for (Plot *plot : {&gaps, &moments})
    if (!plot->series.empty())
      report.plots.push_back(std::move(*plot));
}

std::string longest_text(const DelaysByArm &delays) {
  std::string text;
  for (const auto &[arm, seen] : delays)
    text += fmt::format("{} {} {} ms in {:.1f} s",
                        text.empty() ? "The longest gap of all repetitions:" : ",", arm,
                        number_text(seen.longest() / 1000), seen.window / 1e6);
  return text + ".";
}

} // namespace bench
