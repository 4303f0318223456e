/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/delays.h"

#include <gtest/gtest.h>
#include <random>

namespace {

/* By trying many moments, spread evenly. */
double share_by_trial(const Delays &delays, double delay) {
  constexpr int moments = 200'000;
  int above = 0;
  for (int i = 0; i < moments; ++i) {
    double moment = delays.window * (i + 0.5) / moments;
    for (const Gap &gap : delays.gaps) { /* one after the other from the start */
      if (moment < gap.length) {
        above += gap.length - moment > delay;
        break;
      }
      moment -= gap.length;
    }
  }
  return static_cast<double>(above) / moments;
}

} // namespace

TEST(Delays, WithoutGapsThereIsNone) {
  const Delays delays{1000, {}};
  EXPECT_EQ(delays.percentile(99.99), 0);
  EXPECT_EQ(delays.percentile(100), 0);
  EXPECT_EQ(delays.available(), 1);
  EXPECT_EQ(delays.longest(), 0);
}

TEST(Delays, AMomentInAGapWaitsForTheRestOfIt) {
  const Delays delays{1000, {{100}}};
  EXPECT_DOUBLE_EQ(delays.available(), 0.9);
  EXPECT_NEAR(delays.percentile(90), 0, 1e-9);
  EXPECT_NEAR(delays.percentile(95), 50, 1e-9);
  EXPECT_NEAR(delays.percentile(99), 90, 1e-9);
  EXPECT_DOUBLE_EQ(delays.percentile(100), 100);
  EXPECT_DOUBLE_EQ(delays.share_above(60), 0.04);
}

TEST(Delays, ShortGapsDoNotHideLongOnes) {
  Delays delays{1e6, {{50'000}}};
  const double alone = delays.percentile(99);
  delays.gaps.push_back({1, 1000}); /* a percentile of gaps would be 1 now */
  EXPECT_DOUBLE_EQ(delays.percentile(99), alone);
}

TEST(Delays, AGapThatCameOftenIsAsMany) {
  const Delays once{1000, {{10}, {10}, {10}, {40}}};
  const Delays often{1000, {{40}, {10, 3}}};
  for (const double percent : {93.5, 95.0, 99.0, 99.9})
    EXPECT_DOUBLE_EQ(once.percentile(percent), often.percentile(percent));
  EXPECT_EQ(once.longer_than(9), 4);
  EXPECT_EQ(often.longer_than(10), 1);
  EXPECT_EQ(often.longest(), 40);
}

TEST(Delays, APercentileIsExceededByTheRestOfTheMoments) {
  std::mt19937 random(1);
  std::lognormal_distribution<double> length(1, 1.5);
  Delays delays{10'000, {}};
  for (int i = 0; i < 300; ++i)
    delays.gaps.push_back({length(random)});
  for (const double percent : {90.0, 99.0, 99.9}) {
    const double delay = delays.percentile(percent);
    ASSERT_GT(delay, 0);
    EXPECT_NEAR(delays.share_above(delay), 1 - percent / 100, 1e-9);
    EXPECT_NEAR(share_by_trial(delays, delay), 1 - percent / 100, 1e-4);
  }
}
