/*
 * What the library's pin costs beside the bare system call, and a thread that pins itself
 * beside one that makes the bare call: inside one process, by Google Benchmark, which finds
 * out how many calls a measurement needs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "command.h"
#include "harness/guest.h"
#include "kernel/procfs.h"

#include <array>
#include <benchmark/benchmark.h>
#include <memory>
#include <sched.h>
#include <thread>

using bench::Figures;
using qemu_pin::Error;
using qemu_pin::Result;

namespace {

struct FreePin {
  void operator()(vcpupin_pin *pin) const { vcpupin_pin_free(pin); }
};

/* One host CPU, in the words of both. */
struct Place {
  cpu_set_t mask;
  std::unique_ptr<vcpupin_pin, FreePin> pin;
};

Result<Place> place_of(unsigned cpu) {
  Place place{};
  CPU_ZERO(&place.mask);
  CPU_SET(cpu, &place.mask);
  auto cpus = qemu_pin::parse_cpus(std::to_string(cpu));
  if (!cpus)
    return cpus.error();
  place.pin.reset(vcpupin_pin_new(cpus->get(), {SCHED_OTHER, 0}));
  if (!place.pin)
    return Error{"out of memory"};
  return place;
}

bool pin_barely(const Place &place) {
  return sched_setaffinity(0, sizeof place.mask, &place.mask) == 0;
}

bool pin_by_library(const Place &place) {
  return vcpupin_apply(0, place.pin.get(), nullptr);
}

using Places = std::array<Place, 2>;
using Pin = bool (*)(const Place &);

/* Where the thread is already. */
void stays(benchmark::State &state, const Places &places, Pin pin) {
  pin(places[0]);
  while (state.KeepRunning())
    if (!pin(places[0]))
      state.SkipWithError("refused");
}

/* To the other CPU and back. */
void moves(benchmark::State &state, const Places &places, Pin pin) {
  std::size_t next = 0;
  while (state.KeepRunning())
    if (!pin(places[next++ % 2]))
      state.SkipWithError("refused");
}

/* Made by this thread, which has the first CPU; ends when it has its own. */
void is_created(benchmark::State &state, const Places &places, Pin pin) {
  pin_barely(places[0]);
  bool held = true;
  while (state.KeepRunning())
    std::thread([&] { held &= pin(places[1]); }).join();
  if (!held)
    state.SkipWithError("refused");
}

/* Takes the time instead of printing it. */
class Taken : public benchmark::BenchmarkReporter {
public:
  bool ReportContext(const Context &) override { return true; }
  void ReportRuns(const std::vector<Run> &runs) override {
    for (const Run &run : runs)
      if (!run.error_occurred)
        us = run.GetAdjustedRealTime();
  }
  std::optional<double> us;
};

Result<Figures> time_of(const std::string &name) {
  cpu_set_t before;
  if (sched_getaffinity(0, sizeof before, &before) != 0)
    return Error{"sched_getaffinity"};
  Taken taken;
  benchmark::RunSpecifiedBenchmarks(&taken, "^" + name + "$");
  sched_setaffinity(0, sizeof before, &before);
  if (!taken.us)
    return Error{name + ": the kernel refuses the mask"};
  return Figures{{"time", *taken.us}};
}

struct Call {
  const char *name, *what;
  void (*how)(benchmark::State &, const Places &, Pin);
  Pin pin;
};

constexpr std::array calls = {
    Call{"stay-bare", "sched_setaffinity to the CPU it has", stays, pin_barely},
    Call{"stay-library", "vcpupin_apply to the CPU it has", stays, pin_by_library},
    Call{"move-bare", "sched_setaffinity to another CPU", moves, pin_barely},
    Call{"move-library", "vcpupin_apply to another CPU", moves, pin_by_library},
    Call{"thread-bare", "a thread that calls sched_setaffinity, made and joined", is_created,
         pin_barely},
    Call{"thread-library", "a thread that calls vcpupin_apply, made and joined", is_created,
         pin_by_library},
};

/* How long one measurement takes at least; Google Benchmark reads it as an option. */
void set_time(bool quick) {
  std::string program = "pin-calls";
  std::string time = quick ? "--benchmark_min_time=0.02" : "--benchmark_min_time=0.3";
  std::array<char *, 2> options = {program.data(), time.data()};
  int count = options.size();
  benchmark::Initialize(&count, options.data());
}

Result<bench::Report> measure(const bench::Setting &setting) {
  auto usable = usable_cpus();
  if (!usable)
    return usable.error();
  auto here = place_of(usable->front());
  auto there = place_of(usable->back());
  if (!here || !there)
    return !here ? here.error() : there.error();
  const Places places = {std::move(*here), std::move(*there)};
  const std::string missing = usable->size() < 2 ? "needs two host CPUs" : "";
  set_time(setting.quick);

  bench::Benchmark benchmark;
  benchmark.name = "pin-calls";
  benchmark.title = "Pin calls";
  benchmark.about = "The library's pin beside the bare system call, in one process, by Google "
                    "Benchmark. The library sets the mask, sets the scheduling where it differs, "
                    "and reads the mask back.";
  benchmark.limits = {"Between two CPUs that are idle: on a busy one, a thread that moves waits.",
                      "The caller is an ordinary thread, not a vCPU."};
  benchmark.metrics = {{"time", "a call, or a thread's life", "us"}};
  for (const Call &call : calls) {
    benchmark::RegisterBenchmark(
        call.name, [&](benchmark::State &state) { call.how(state, places, call.pin); })
        ->Unit(benchmark::kMicrosecond)
        ->UseRealTime();
    /* That is how it names those which are measured in real time. */
    const std::string name = std::string(call.name) + "/real_time";
    benchmark.arms.push_back({call.name, call.what, [name] { return time_of(name); }, missing});
  }
  const bench::Aim aim{bench::Aim::Kind::at_most, 1.5};
  benchmark.comparisons = {{"time", "stay-library", "stay-bare"},
                           {"time", "move-library", "move-bare"},
                           {"time", "thread-library", "thread-bare", aim}};
  auto report = bench::measure_arms(benchmark, setting);
  if (report && !report->rows.empty())
    report->plots.push_back(bench::bars_of(*report, 0, /*log=*/true));
  benchmark::Shutdown();
  return report;
}

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "pin-calls", measure);
}
