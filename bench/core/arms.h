/*
 * The things that are measured beside each other, and how they take turns.
 *
 * Arms are interleaved forth and back (A B C, C B A, A B C, ...), so that whatever drifts
 * meets all of them alike. Before each repetition of each arm the machine must be quiet
 * (quiet_machine.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_CORE_ARMS_H
#define BENCH_CORE_ARMS_H

#include "base/result.h"
#include "quiet_machine.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bench {

/* What one repetition measured: a value by its metric's key. Not every repetition need
 * have every metric. */
using Figures = std::map<std::string, double>;

struct Arm {
  std::string name; /* short, unique: a row's label */
  std::string what; /* what it is, in a few words */
  std::function<qemu_pin::Result<Figures>()> repetition;
  std::string missing = {}; /* why it cannot run here; empty: it can */
};

struct ArmsPlan {
  unsigned repetitions;
  QuietGate gate;
  /* On a machine that is not quiet in time: measure nevertheless (to prove that it works),
   * or let the repetition go. */
  bool measure_when_busy = false;
};

struct ArmRuns {
  std::map<std::string, std::vector<Figures>> by_arm;
  unsigned lost = 0;       /* repetitions that never met a quiet machine */
  unsigned busy = 0;       /* those that were measured nevertheless */
  unsigned busy_looks = 0; /* looks at /proc/stat that saw a busy machine, in all */
};

/* Runs the arms that are not missing. progress is called before each repetition with a line
 * such as "3/10 C". Fails with the first repetition that fails (the arm is named), when
 * interrupted, and when an arm has no repetition that counts. */
qemu_pin::Result<ArmRuns> run_arms(const std::vector<Arm> &arms, const ArmsPlan &plan,
                                   const std::function<void(const std::string &)> &progress);

} // namespace bench

#endif
