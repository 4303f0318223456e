/*
 * What all repetitions of the arms of tail-latency saw together: as pictures, and in words.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_TAIL_PICTURE_H
#define BENCH_TAIL_PICTURE_H

#include "harness/delays.h"
#include "report.h"

#include <map>
#include <string>

namespace bench {

using DelaysByArm = std::map<std::string, Delays>;

/* Two plots, with a curve for each arm whose name ends with the accelerator's: how many gaps
 * of which length, and how much of the time is lost to a delay of which length. None if
 * there is no such arm. */
void add_pictures(Report &report, const DelaysByArm &delays, const std::string &accelerator);

/* A sentence: each arm's longest gap, and in how much time. */
std::string longest_text(const DelaysByArm &delays);

} // namespace bench

#endif
