/*
 * How long emulated vCPUs take for a fixed amount of work, and how evenly: pinned and not, on
 * an idle host and beside a busy process, with as many vCPUs as host CPUs and with more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "command.h"
#include "harness/guest_work.h"
#include "hogs.h"
#include "two_cpus.h"

#include <array>
#include <string>
#include <vector>

using qemu_pin::Error;
using qemu_pin::Result;

namespace {

/* For each vCPU: about 0.6 s for one that has to itself a CPU of 2023. */
constexpr std::uint64_t full_rounds = 60'000'000;
constexpr std::uint64_t quick_rounds = 5'000'000;
constexpr std::array<unsigned, 2> vcpu_counts = {2, 4};

struct Case {
  unsigned vcpus;
  bool hog, pinned;

  std::string setting() const { return std::to_string(vcpus) + (hog ? " hog" : " idle"); }
  std::string name() const { return setting() + (pinned ? " pinned" : " free"); }
  std::string what() const {
    return std::to_string(vcpus) + " vCPUs, " + (hog ? "one busy process" : "idle host") +
           (pinned ? ", each vCPU pinned to one host CPU in turn" : ", not pinned");
  }
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const unsigned vcpus : vcpu_counts)
    for (const bool hog : {false, true})
      for (const bool pinned : {true, false})
        cases.push_back({vcpus, hog, pinned});
  return cases;
}

Result<bench::Figures> work_once(const Case &what, WorkSpec spec,
                                 const std::vector<std::uint64_t> &expected,
                                 const std::array<unsigned, 2> &cpus) {
  spec.vcpus = what.vcpus;
  if (what.pinned)
    for (unsigned vcpu = 0; vcpu < what.vcpus; ++vcpu)
      spec.more.insert(spec.more.end(), {"-vcpu", std::to_string(vcpu) + ",affinity=" +
                                                      std::to_string(cpus[vcpu % cpus.size()])});
  auto hogs = bench::Hogs::start(what.hog ? 1 : 0);
  if (!hogs)
    return hogs.error();
  auto times = run_work(spec);
  if (!times)
    return times.error();
  for (unsigned vcpu = 0; vcpu < what.vcpus; ++vcpu)
    if (times->results[vcpu] != expected[vcpu])
      return Error{"vCPU " + std::to_string(vcpu) + " worked out something else than the host"};
  if (!hogs->running())
    return Error{"the busy process has ended early"};
  return bench::Figures{
      {"time", times->last},
      {"rate", static_cast<double>(what.vcpus * spec.rounds) / times->last / 1e6},
      {"first", 100 * times->first / times->last},
  };
}

/* The coefficient of variation of each arm's time. */
bench::Plot variations(const bench::Report &report, const bench::Metric &time) {
  bench::Plot plot{bench::Plot::Kind::bars, "coefficient of variation: " + time.title, "", "%"};
  bench::PlotSeries series;
  for (const bench::Row &row : report.rows) {
    if (row.metric != time.title)
      continue;
    const double percent = 100 * row.cv;
    series.points.push_back({static_cast<double>(plot.labels.size()), percent, percent, percent});
    plot.labels.push_back(row.arm);
  }
  plot.series.push_back(series);
  return plot;
}

bench::Benchmark describe() {
  bench::Benchmark benchmark{
      "tcg-throughput",
      "TCG: throughput and its variance",
      "Under TCG (thread=multi) each vCPU of a guest of our own (tests/guest/work.c) does the "
      "same fixed amount of integer and memory work in user mode, and the host checks what it "
      "worked out. Everything runs on two host CPUs, also the busy process (`hog`), which is not "
      "pinned. `pinned`: `-vcpu`, one host CPU each, in turn. `free`: no pin at all.",
      {"vCPUs do not wait for each other while they work, as those of a guest with locks do; and "
       "256 KiB each fit into most caches, so that what a migration costs in memory is small.",
       "Pinned with a hog is the arm without isolation: the hog takes half of one vCPU's CPU, "
       "and a pinned vCPU cannot get out of its way.",
       "Coefficients of variation of 10 repetitions are rough."},
      {{"time", "time until all vCPUs are done", "s"},
       {"rate", "work of all vCPUs", "Mrounds/s"},
       {"first", "first vCPU done, share of that time", "%"}},
      {},
      {}};
  for (const unsigned vcpus : vcpu_counts)
    for (const bool hog : {false, true})
      benchmark.comparisons.push_back(
          {"time", Case{vcpus, hog, false}.name(), Case{vcpus, hog, true}.name()});
  /* What is lost when vCPUs outnumber CPUs: below 1. */
  for (const bool pinned : {true, false})
    benchmark.comparisons.push_back(
        {"rate", Case{4, false, pinned}.name(), Case{2, false, pinned}.name()});
  return benchmark;
}

Result<bench::Report> measure(const bench::Setting &setting) {
  bench::Benchmark benchmark = describe();
  const std::uint64_t rounds = setting.quick ? quick_rounds : full_rounds;
  const WorkSpec spec{setting.qemu, "tcg,thread=multi", setting.guests + "/work.bin", 0, rounds};
  auto cpus = bench::keep_to_two_cpus();
  const auto expected = expected_results(vcpu_counts.back(), rounds);
  for (const Case &one : all_cases())
    benchmark.arms.push_back({one.name(), one.what(),
                              [=] { return work_once(one, spec, expected, *cpus); },
                              cpus ? "" : cpus.error().message});
  auto report = bench::measure_arms(benchmark, setting);
  if (report) {
    report->plots.push_back(bench::bars_of(*report, 0, false));
    report->plots.push_back(variations(*report, benchmark.metrics[0]));
  }
  return report;
}

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "tcg-throughput", measure);
}
