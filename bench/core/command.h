/*
 * The command line that all benchmarks share, and what they do with it.
 *
 *     int main(int argc, char **argv) { return bench::run(argc, argv, "pin-window", measure); }
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_CORE_COMMAND_H
#define BENCH_CORE_COMMAND_H

#include "base/result.h"
#include "report.h"

#include <functional>
#include <optional>
#include <string>

namespace bench {

struct Setting {
  bool quick = false;        /* shortened: proves that it works, measures nothing worth keeping */
  unsigned repetitions = 10; /* 3 when quick */
  std::string qemu;          /* a patched qemu-system-x86_64 */
  std::string stock_qemu;    /* the same version and configuration without the overlay; or empty */
  std::string qemu_pin;      /* the command */
  std::string guests;        /* folder of the guests' images */
};

/* Runs the arms, with progress on standard error. */
qemu_pin::Result<ArmRuns> run_in_turn(const Benchmark &benchmark, const Setting &setting);

/* The same, summed up. */
qemu_pin::Result<Report> measure_arms(const Benchmark &benchmark, const Setting &setting);

/* For what is not an arm's repetition: waits for a quiet machine (not when quick), and counts
 * in runs when it was not quiet in time. */
qemu_pin::Result<> wait_for_quiet(const Setting &setting, ArmRuns &runs);

/* Parses the options (--help tells them), calls measure, prints the table, and writes
 * NAME.json and NAME.svg to --results. Exit status: 0 measured, 2 usage or trouble, 128 + N
 * when signal N came. */
int run(int argc, char **argv, const std::string &name,
        const std::function<qemu_pin::Result<Report>(const Setting &)> &measure);

} // namespace bench

#endif
