/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/delays.h"

#include <algorithm>

/* Moments with a delay above d: of each gap longer than d, all but its last d. With the k
 * longest gaps above d, that is their sum - k d. It falls as d grows; where it is what the
 * percentile leaves over is the answer. */
double Delays::percentile(double percent) const {
  const double left_over = window * (100 - percent) / 100;
  std::vector<Gap> longest_first = gaps;
  std::sort(longest_first.begin(), longest_first.end(),
            [](const Gap &a, const Gap &b) { return a.length > b.length; });
  double sum = 0, number = 0;
  for (std::size_t i = 0; i < longest_first.size(); ++i) {
    sum += longest_first[i].length * longest_first[i].times;
    number += longest_first[i].times;
    const double next = i + 1 < longest_first.size() ? longest_first[i + 1].length : 0;
    if (sum - number * next > left_over)
      return (sum - left_over) / number;
  }
  return 0;
}

double Delays::share_above(double delay) const {
  double sum = 0;
  for (const Gap &gap : gaps)
    sum += std::max(gap.length - delay, 0.0) * gap.times;
  return sum / window;
}

double Delays::longest() const {
  double most = 0;
  for (const Gap &gap : gaps)
    most = std::max(most, gap.length);
  return most;
}

double Delays::longer_than(double length) const {
  double number = 0;
  for (const Gap &gap : gaps)
    if (gap.length > length)
      number += gap.times;
  return number;
}
