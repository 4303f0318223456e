/*
 * How long something that comes at any moment waits until the guest runs again.
 *
 * This is the question behind "latency": an event (a packet, a frame, a key) comes at a
 * moment that knows nothing of the guest. If the guest runs, it waits for nothing; if it
 * comes in a gap of length G, it waits for the rest of it, evenly between 0 and G. So a
 * percentile here is one of time, not of gaps: "p99 = 3 ms" says that 1% of all moments
 * are more than 3 ms away from the guest's next instruction. Percentiles of the gaps
 * themselves would depend on how many harmless ones are counted: a guest that is kept from
 * running less often would look worse. jHiccup reports the same kind of figure, by
 * sampling; here it is computed exactly from all gaps.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HARNESS_DELAYS_H
#define HARNESS_DELAYS_H

#include <vector>

struct Gap {
  double length;    /* microseconds */
  double times = 1; /* so often; above 0 */
};

/* What was seen in one stretch of time. */
struct Delays {
  double window = 0;     /* microseconds; above 0 */
  std::vector<Gap> gaps; /* in any order; together no longer than window */

  /* The least delay that at least percent of the moments in the window do not exceed;
   * 0 when so many are in no gap. percent: above 0, at most 100. */
  double percentile(double percent) const;

  /* Of all moments, 0..1: those that are further than so many microseconds from the
   * guest's next instruction. */
  double share_above(double delay) const;

  /* Of the window, 0..1: when the guest ran, or was away for too short to be a gap. */
  double available() const { return 1 - share_above(0); }

  double longest() const;

  /* The number of gaps longer than so many microseconds. */
  double longer_than(double length) const;
};

#endif
