/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/samples.h"

#include <gtest/gtest.h>
#include <random>
#include <vector>

TEST(Samples, TheMedianIsTheMiddleOrTheMeanOfTheTwoInTheMiddle) {
  EXPECT_EQ(median(std::vector<double>{7}), 7);
  EXPECT_EQ(median(std::vector<double>{9, 1, 5}), 5);
  EXPECT_EQ(median(std::vector<double>{4, 1, 100, 2}), 3);
}

TEST(Samples, APercentileIsAValueThatWasMeasured) {
  std::vector<double> values;
  for (int i = 100; i > 0; --i)
    values.push_back(i);
  EXPECT_EQ(percentile(values, 50), 50);
  EXPECT_EQ(percentile(values, 99), 99);
  EXPECT_EQ(percentile(values, 99.1), 100);
  EXPECT_EQ(percentile(values, 100), 100);
  EXPECT_EQ(percentile(values, 0.001), 1);
  EXPECT_EQ(percentile(std::vector<double>{3}, 99.99), 3);
}

TEST(Samples, TheCoefficientOfVariationIsOfASample) {
  EXPECT_EQ(coefficient_of_variation(std::vector<double>{5}), 0);
  EXPECT_EQ(coefficient_of_variation(std::vector<double>{0, 0}), 0);
  /* Mean 4, variance (4 + 0 + 4) / 2. */
  EXPECT_DOUBLE_EQ(coefficient_of_variation(std::vector<double>{2, 4, 6}), 0.5);
}

TEST(Samples, AnIntervalOfEqualValuesIsThatValue) {
  const Interval interval = median_interval(std::vector<double>{3, 3, 3, 3});
  EXPECT_EQ(interval.low, 3);
  EXPECT_EQ(interval.high, 3);
}

/* What an interval of 95% is for: of many experiments whose truth is known, it holds the
 * truth in about as many. The bootstrap of a median of 15 is a little off 95. */
TEST(Samples, TheIntervalHoldsTheTruthInAboutAsManyExperimentsAsItSays) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal(100, 10);
  int held = 0;
  int ratio_held = 0;
  constexpr int experiments = 300;
  for (int i = 0; i < experiments; ++i) {
    std::vector<double> one(15);
    std::vector<double> other(15);
    for (double &value : one)
      value = normal(random);
    for (double &value : other)
      value = normal(random) / 2;
    const Interval interval = median_interval(one);
    held += interval.low <= 100 && 100 <= interval.high;
    const Interval ratio = ratio_interval(one, other);
    ratio_held += ratio.low <= 2 && 2 <= ratio.high;
  }
  EXPECT_GT(held, experiments * 0.88);
  EXPECT_LT(held, experiments * 0.995);
  EXPECT_GT(ratio_held, experiments * 0.88);
  EXPECT_LT(ratio_held, experiments * 0.995);
}

TEST(Samples, TheSameValuesGiveTheSameInterval) {
  const std::vector<double> values = {1, 5, 2, 8, 3, 9, 4};
  EXPECT_EQ(median_interval(values).low, median_interval(values).low);
  EXPECT_EQ(median_interval(values).high, median_interval(values).high);
}
