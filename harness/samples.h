/*
 * What a number of measured values say together.
 *
 * Percentiles are by nearest rank (the smallest value that at least that share of the
 * values does not exceed): a value that was measured, never one between two. Intervals are
 * of 95%, by the percentile bootstrap (B. Efron, R. Tibshirani, An Introduction to the
 * Bootstrap, 1993, chapter 13), with a fixed seed, so that the same values give the same
 * interval.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HARNESS_SAMPLES_H
#define HARNESS_SAMPLES_H

#include <span>

struct Interval {
  double low, high;
};

/* Of values that are not empty; of an even number, the mean of the two in the middle. */
double median(std::span<const double> values);

/* percent: above 0, at most 100; values: not empty, in any order. */
double percentile(std::span<const double> values, double percent);

/* Standard deviation (of a sample, n - 1) over mean; 0 for fewer than two values, and where
 * the mean is 0. */
double coefficient_of_variation(std::span<const double> values);

/* Of the median. */
Interval median_interval(std::span<const double> values);

/* Of median(of) / median(to): both resampled, each for itself. Where median(to) can be 0
 * an end may be infinite, or not a number. */
Interval ratio_interval(std::span<const double> of, std::span<const double> to);

#endif
