/*
 * What a pin costs a thread: in QEMU, and in a program that does nothing else.
 *
 * Taken from the kernel's trace, thread by thread. The difference of two QEMUs' whole start
 * would hold all, but a start takes 30 ms and more, and varies by more than all pins cost.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "command.h"
#include "harness/guest.h"
#include "kernel_trace.h"
#include "pinned_loop.h"
#include "small_guest.h"
#include "thread_creation.h"

#include <algorithm>
#include <fmt/core.h>
#include <memory>
#include <numeric>
#include <set>

using namespace std::chrono_literals;
using bench::Figures;
using bench::KernelTrace;
using bench::TraceEvent;
using qemu_pin::Error;
using qemu_pin::Result;

namespace {

using Events = std::vector<TraceEvent>;

/* Those that asked KVM for a vCPU, or, in a bare program, as if they did. */
std::set<pid_t> vcpu_threads_in(const Events &events) {
  std::set<pid_t> threads;
  for (const TraceEvent &event : events)
    if (event.kind == TraceEvent::Kind::vcpu_made)
      threads.insert(event.thread);
  return threads;
}

/* The mean of the middle half: a thread that was interrupted does not count, and whole
 * microseconds average out. */
double midmean(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t quarter = values.size() / 4;
  const std::size_t count = values.size() - 2 * quarter;
  const auto first = values.begin() + static_cast<std::ptrdiff_t>(quarter);
  return std::accumulate(first, first + static_cast<std::ptrdiff_t>(count), 0.0) /
         static_cast<double>(count);
}

/* Microseconds of CPU a thread, from its creation until it asks for its vCPU. */
Result<double> cpu_to_vcpu(const Events &events, std::size_t count) {
  const std::set<pid_t> threads = vcpu_threads_in(events);
  if (threads.size() != count)
    return Error{
        fmt::format("the kernel's trace has {} threads of vCPUs, not {}", threads.size(), count)};
  std::vector<double> each;
  for (const pid_t thread : threads) {
    const auto life = bench::creation_to_vcpu(events, thread);
    if (!life)
      return Error{
          fmt::format("the kernel's trace does not have the creation of thread {}", thread)};
    each.push_back(
        static_cast<double>(bench::cpu_time(events, thread, life->created, life->vcpu_made)));
  }
  return midmean(std::move(each));
}

/* Microseconds a thread, from its creation until it has its mask. */
struct UntilPinned {
  double wall, cpu;
};
Result<UntilPinned> until_pinned(const Events &events) {
  std::vector<double> wall;
  std::vector<double> cpu;
  for (const pid_t thread : vcpu_threads_in(events)) {
    auto creation = bench::creation_of(events, thread);
    if (!creation)
      return creation.error();
    wall.push_back(static_cast<double>(creation->pinned - creation->created));
    cpu.push_back(
        static_cast<double>(bench::cpu_time(events, thread, creation->created, creation->pinned)));
  }
  return UntilPinned{midmean(std::move(wall)), midmean(std::move(cpu))};
}

/* Until its guest runs: all its vCPUs are there. */
Result<Events> trace_qemu(KernelTrace &trace, const bench::SmallGuest &guest) {
  auto started = bench::StartedGuest::start(guest, [&] { return trace.start(); });
  if (!started)
    return started.error();
  if (auto error = started->wait_guest())
    return *error;
  return trace.stop();
}

Result<Events> trace_loop(KernelTrace &trace, const bench::PinnedLoop &loop) {
  if (auto error = trace.start())
    return *error;
  if (auto error = loop.run())
    return *error;
  return trace.stop();
}

/* With pins and without, one right after the other. */
Result<Figures> compare(const std::function<Result<Events>(bool pinned)> &run, std::size_t count) {
  auto pinned = run(true);
  if (!pinned)
    return pinned.error();
  auto unpinned = run(false);
  if (!unpinned)
    return unpinned.error();
  auto with = cpu_to_vcpu(*pinned, count);
  if (!with)
    return with.error();
  auto without = cpu_to_vcpu(*unpinned, count);
  if (!without)
    return without.error();
  auto creation = until_pinned(*pinned);
  if (!creation)
    return creation.error();
  return Figures{{"wall", creation->wall}, {"cpu", creation->cpu}, {"added", *with - *without}};
}

void add_arms(bench::Benchmark &benchmark, const bench::Setting &setting,
              const std::shared_ptr<KernelTrace> &trace, const std::string &missing,
              const std::vector<unsigned> &cpus) {
  const auto vcpus = static_cast<unsigned>(cpus.size());
  const std::string qemu = fmt::format("qemu-{}", vcpus);
  const std::string bare = fmt::format("bare-{}", vcpus);
  bench::SmallGuest guest = {setting.qemu, setting.guests + "/first_write.bin", vcpus};
  benchmark.arms.push_back({qemu, fmt::format("{} vCPUs, with -vcpu for each and without", vcpus),
                            [trace, guest, cpus] {
                              return compare(
                                  [&](bool pinned) {
                                    bench::SmallGuest other = guest;
                                    if (pinned)
                                      other.more = bench::pin_options(cpus);
                                    return trace_qemu(*trace, other);
                                  },
                                  cpus.size());
                            },
                            missing});
  benchmark.arms.push_back(
      {bare, fmt::format("{} threads that call sched_setaffinity, and that do not", vcpus),
       [trace, cpus] {
         return compare(
             [&](bool pinned) {
               return trace_loop(*trace, {cpus, pinned});
             },
             cpus.size());
       },
       missing});
}

bench::Plot plot_of(const bench::Report &report, const bench::Metric &metric,
                    const std::vector<unsigned> &sizes) {
  bench::Plot plot;
  plot.kind = bench::Plot::Kind::lines;
  plot.title = metric.title;
  plot.x_title = "vCPUs or threads";
  plot.y_title = metric.unit;
  plot.log_x = true;
  for (const char *way : {"qemu", "bare"}) {
    bench::PlotSeries series{way, {}};
    for (const unsigned size : sizes)
      for (const bench::Row &row : report.rows)
        if (row.metric == metric.title && row.arm == fmt::format("{}-{}", way, size))
          series.points.push_back({static_cast<double>(size), row.median, row.low, row.high});
    plot.series.push_back(series);
  }
  return plot;
}

Result<bench::Report> measure(const bench::Setting &setting) {
  const std::vector<unsigned> sizes = setting.quick
                                          ? std::vector<unsigned>{1, 16}
                                          : std::vector<unsigned>{1, 2, 4, 8, 16, 32, 64, 128, 255};
  bench::Benchmark benchmark;
  benchmark.name = "pin-cost";
  benchmark.title = "Pin cost";
  benchmark.about =
      "The patched QEMU makes N vCPUs under KVM, each pinned to one host CPU, the host's CPUs in "
      "turn; a bare program makes N threads one after the other, each of which calls "
      "sched_setaffinity first thing. The kernel's trace gives each thread's creation, mask and "
      "time "
      "on a CPU; each figure is the mean of the middle half of a run's N threads. What the pin "
      "adds is the CPU time from creation to the call that makes the vCPU, with the pin less "
      "without.";
  benchmark.limits = {
      "Creation to mask holds the wait for a CPU after the creation and a move to another, which "
      "are the "
      "same for both, and where a busy machine shows first.",
      "What is added is the thread's own: reading the option on the main thread (microseconds a "
      "vCPU) is not in it, nor is what the kernel's own threads do to move one.",
      "What the pin adds is a difference of two times that vary by more than it: its ratio "
      "would be of noise, and is not shown.",
      "Tracing costs the traced about a microsecond an event, alike in both.",
  };
  benchmark.metrics = {{"wall", "creation to mask, a thread", "us"},
                       {"cpu", "CPU time from creation to mask", "us"},
                       {"added", "CPU time that the pin adds", "us"}};
  std::shared_ptr<KernelTrace> trace;
  std::string missing = why_no_kvm().value_or("");
  if (missing.empty()) {
    if (auto opened = KernelTrace::open())
      trace = std::make_shared<KernelTrace>(std::move(*opened));
    else
      missing = opened.error().message;
  }
  for (const unsigned size : sizes) {
    auto cpus = bench::one_cpu_each(size);
    if (!cpus)
      return cpus.error();
    add_arms(benchmark, setting, trace, missing, *cpus);
  }
  const bench::Aim aim{bench::Aim::Kind::at_most, 1.5};
  for (const unsigned size : sizes)
    benchmark.comparisons.push_back(
        {"cpu", fmt::format("qemu-{}", size), fmt::format("bare-{}", size), aim});
  auto report = bench::measure_arms(benchmark, setting);
  if (report && !report->rows.empty())
    for (const bench::Metric &metric : benchmark.metrics)
      report->plots.push_back(plot_of(*report, metric, sizes));
  return report;
}

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "pin-cost", measure);
}
