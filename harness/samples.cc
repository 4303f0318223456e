/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/samples.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <random>
#include <vector>

namespace {

constexpr int resamplings = 2000;
constexpr unsigned seed = 20260101;

double median_of_scratch(std::vector<double> &values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2)
    return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

double resampled_median(std::span<const double> values, std::mt19937 &random,
                        std::vector<double> &scratch) {
  std::uniform_int_distribution<std::size_t> which(0, values.size() - 1);
  scratch.resize(values.size());
  for (double &value : scratch)
    value = values[which(random)];
  return median_of_scratch(scratch);
}

Interval middle_95(std::vector<double> &values) {
  std::sort(values.begin(), values.end());
  const auto rank = [&](double share) {
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
  };
  return {rank(0.025), rank(0.975)};
}

} // namespace

double median(std::span<const double> values) {
  std::vector<double> scratch(values.begin(), values.end());
  return median_of_scratch(scratch);
}

double percentile(std::span<const double> values, double percent) {
  std::vector<double> sorted(values.begin(), values.end());
  const double rank = std::ceil(percent / 100 * static_cast<double>(sorted.size()) - 1e-9);
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  const auto place = sorted.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(sorted.begin(), place, sorted.end());
  return *place;
}

double coefficient_of_variation(std::span<const double> values) {
  if (values.size() < 2)
    return 0;
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values)
    squares += (value - mean) * (value - mean);
  return mean == 0 ? 0 : std::sqrt(squares / (n - 1)) / mean;
}

Interval median_interval(std::span<const double> values) {
  std::mt19937 random(seed);
  std::vector<double> medians(resamplings);
  std::vector<double> scratch;
  for (double &value : medians)
    value = resampled_median(values, random, scratch);
  return middle_95(medians);
}

Interval ratio_interval(std::span<const double> of, std::span<const double> to) {
  std::mt19937 random(seed);
  std::vector<double> ratios(resamplings);
  std::vector<double> scratch;
  for (double &value : ratios) {
    const double above = resampled_median(of, random, scratch);
    value = above / resampled_median(to, random, scratch);
  }
  return middle_95(ratios);
}
