/*
 * Guest tail latency: how long a guest is kept from running, on a host that has other
 * things to do, without pinning, with it, and with its CPU kept free of the host too.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "command.h"
#include "harness/guest.h"
#include "held_cpus.h"
#include "tail_guest.h"
#include "tail_picture.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <unistd.h>

using namespace std::chrono_literals;
using bench::Figures;
using bench::Setting;
using bench::TailGuestSpec;
using qemu_pin::Result;
using Isolation = TailGuestSpec::Isolation;

namespace {

/* What is no gap is shorter than this, so no percentile is said to be. */
constexpr auto floor_us = static_cast<double>(GapRecord::threshold.count());
/* From here on a gap counts into gaps/s. */
constexpr double counted_us = 10;

struct Kind {
  const char *letter, *what;
  bool pinned, hogs;
  Isolation isolation;
};

constexpr std::array kinds = {
    Kind{"A", "not pinned; a hog for each CPU", false, true, Isolation::none},
    Kind{"B", "pinned; the same hogs", true, true, Isolation::none},
    Kind{"C", "pinned and isolated (qemu-pin run --isolate); the same hogs, on the other CPUs",
         true, true, Isolation::by_qemu_pin},
    Kind{"D", "pinned; no hogs", true, false, Isolation::none},
    Kind{"P", "as C, by hand: cpuset files, taskset", true, true, Isolation::by_hand},
};

/* What was seen, by arm, in all repetitions together. */
struct Seen {
  std::map<std::string, Delays> delays;
  unsigned overflows = 0;
};

Result<Figures> repeat(const TailGuestSpec &guest, const std::string &arm, Seen &seen) {
  auto gaps = bench::TailGuest(guest).run();
  if (!gaps)
    return gaps.error();
  const Delays &delays = gaps->delays;
  Delays &all = seen.delays[arm];
  all.window += delays.window;
  all.gaps.insert(all.gaps.end(), delays.gaps.begin(), delays.gaps.end());
  seen.overflows += !gaps->complete;
  auto percentile = [&](double percent) { return std::max(delays.percentile(percent), floor_us); };
  return Figures{
      {"available", 100 * delays.available()},
      {"gaps_per_second", delays.longer_than(counted_us) / (delays.window / 1e6)},
      {"p99", percentile(99)},
      {"p99.9", percentile(99.9)},
      {"p99.99", percentile(99.99)},
      {"longest", std::max(delays.longest(), floor_us)},
      {"readings", gaps->loops_per_second / 1e6},
      {"window", delays.window / 1e6},
  };
}

/* Why an arm cannot run here, or "". */
std::string why_missing(const TailGuestSpec &guest) {
  if (guest.accelerator == "kvm")
    if (auto why = why_no_kvm())
      return *why;
  if (guest.rest.empty())
    return "it takes two CPUs";
  if (guest.isolation == Isolation::by_qemu_pin && geteuid() != 0)
    return "isolating changes the host, and we are not root";
  if (guest.isolation == Isolation::by_hand) {
    if (auto why = bench::HeldCpus::why_not())
      return *why;
    if (!bench::run_program({"taskset", "--version"}))
      return "taskset is missing (Debian's package util-linux)";
  }
  return "";
}

void add_comparisons(bench::Benchmark &benchmark, const std::string &accelerator) {
  using bench::Aim;
  auto arm = [&](const char *letter) { return letter + (" " + accelerator); };
  const std::vector<bench::Comparison> comparisons = {
      {"p99", arm("A"), arm("B")},
      {"p99", arm("A"), arm("C"), Aim{Aim::Kind::at_least, 20}},
      {"p99", arm("C"), arm("D"), Aim{Aim::Kind::at_most, 2}},
      {"p99", arm("C"), arm("P"), Aim{Aim::Kind::at_most, 1.05}},
      {"p99.9", arm("A"), arm("C")},
      {"p99.9", arm("C"), arm("D")},
      {"p99.9", arm("C"), arm("P")},
      {"available", arm("C"), arm("A")},
  };
  benchmark.comparisons.insert(benchmark.comparisons.end(), comparisons.begin(), comparisons.end());
}

/* guest: what all arms have in common. */
bench::Benchmark describe(const TailGuestSpec &guest, Seen &seen) {
  bench::Benchmark benchmark;
  benchmark.name = "tail-latency";
  benchmark.title = "Guest tail latency";
  benchmark.about = fmt::format(
      "A guest with one vCPU reads its TSC over and over, and writes down each time that it was "
      "away for more than {} us. A percentile is one of time: p99 is the delay that 1% of all "
      "moments exceed, if something came for the guest just then. {} us stands for anything up to "
      "that. Pinned means the vCPU on CPU {}, and QEMU's other threads on CPU {}; there are {} "
      "hogs, spinning processes, or none.",
      floor_us, floor_us, bench::list_text(guest.guest), bench::list_text(guest.rest),
      guest.usable.size());
  benchmark.limits = {
      "A/B is expected to be about 1: pinning without isolating gains nothing under load.",
      fmt::format("A repetition is {} s: the longest gap is that of so short a time, and no worst "
                  "case.",
                  static_cast<double>(guest.watch.count()) / 1000),
      ("Where 1% of the time is not lost, p99 is at its floor and a ratio to it is a lower bound; "
       "two arms at the floor have ratio 1."),
      ("What the guest sees includes what is taken from this host by its own hypervisor, where "
       "there is one, and the scheduler's tick; isolating ends neither."),
      ("One vCPU, and hogs that only compute: no other guest, no disk, no network, no memory "
       "pressure."),
  };
  benchmark.metrics = {
      {"available", "time the guest has", "%"},
      {"gaps_per_second", "gaps over 10 us a second", ""},
      {"p99", "delay, p99", "us"},
      {"p99.9", "delay, p99.9", "us"},
      {"p99.99", "delay, p99.99", "us"},
      {"longest", "longest gap of a repetition", "us"},
      {"readings", "readings of the TSC", "million/s"},
      {"window", "length of a repetition", "s"},
  };
  for (const std::string accelerator : {"kvm", "tcg"}) {
    for (const Kind &kind : kinds) {
      const std::string name = kind.letter + (" " + accelerator);
      TailGuestSpec arm = guest;
      arm.pinned = kind.pinned;
      arm.hogs = kind.hogs;
      arm.isolation = kind.isolation;
      arm.accelerator = accelerator;
      benchmark.arms.push_back({name, kind.what,
                                [arm, name, &seen] { return repeat(arm, name, seen); },
                                why_missing(arm)});
    }
    add_comparisons(benchmark, accelerator);
  }
  return benchmark;
}

Result<bench::Report> measure(const Setting &setting) {
  auto usable = usable_cpus();
  if (!usable)
    return usable.error();
  TailGuestSpec guest = {};
  guest.qemu = setting.qemu;
  guest.qemu_pin = setting.qemu_pin;
  guest.image = setting.guests + "/gaps.bin";
  guest.usable = *usable;
  guest.guest = {usable->back()};
  guest.rest = {usable->begin(), usable->end() - 1};
  guest.settle = setting.quick ? 100ms : 200ms;
  guest.watch = setting.quick ? 400ms : 2000ms;
  Seen seen;
  auto report = bench::measure_arms(describe(guest, seen), setting);
  if (!report)
    return report.error();
  for (const std::string accelerator : {"kvm", "tcg"})
    bench::add_pictures(*report, seen.delays, accelerator);
  report->about += " " + bench::longest_text(seen.delays);
  if (seen.overflows)
    report->limits.push_back(fmt::format(
        "In {} repetitions there were more gaps than the guest could list: there, lengths are "
        "known to a quarter of a doubling.",
        seen.overflows));
  return report;
}

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "tail-latency", measure);
}
