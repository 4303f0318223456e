/*
 * A whole command, and how long it took.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_CORE_TIMED_COMMAND_H
#define BENCH_CORE_TIMED_COMMAND_H

#include "base/result.h"

#include <string>
#include <vector>

namespace bench {

struct TimedCommand {
  double seconds;     /* wall time, from before the fork to after the wait */
  std::string output; /* its standard output */
};

/* Runs it to its end. Fails, with the last line of its standard error, when it cannot be
 * started, ends with a status that is not 0, or we are interrupted: it is killed then, with
 * its process group. environment: "NAME=value", over ours. */
qemu_pin::Result<TimedCommand> run_timed(const std::vector<std::string> &argv,
                                         const std::vector<std::string> &environment = {});

} // namespace bench

#endif
