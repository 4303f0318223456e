/*
 * How long a QEMU takes to start: until its monitor greets and answers, until its guest runs, and
 * until every vCPU is pinned. What the overlay costs where nothing is pinned, and what the ways to
 * a pinned guest take.
 *
 * Timed here and not by hyperfine, which times whole commands: these happen inside one that
 * goes on running.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "command.h"
#include "peers.h"
#include "small_guest.h"

#include <csignal>
#include <fmt/core.h>

using namespace std::chrono_literals;
using bench::Clock;
using bench::Figures;
using bench::LifeSigns;
using qemu_pin::Error;
using qemu_pin::Result;

namespace {

/* When all there is to see has been seen. cpus: of each vCPU; empty: nobody pins. */
Result<Figures> watch(LifeSigns &signs, Clock::time_point start, const std::vector<unsigned> &cpus,
                      const std::function<bool()> &has_ended) {
  Figures figures;
  if (auto result = signs.wait_greeting(has_ended); !result)
    return result.error();
  if (auto result = signs.ask(); !result)
    return result.error();
  figures["greeting"] = bench::ms_between(start, signs.greeted());
  if (auto result = signs.wait_answer(has_ended); !result)
    return result.error();
  figures["answer"] = bench::ms_between(start, signs.answered());
  if (!cpus.empty()) {
    auto pinned = bench::wait_pinned(signs, cpus);
    if (!pinned)
      return pinned.error();
    figures["pinned"] = bench::ms_between(start, *pinned);
  }
  if (auto result = signs.wait_guest(has_ended); !result)
    return result.error();
  figures["guest"] = bench::ms_between(start, signs.guest_wrote());
  return figures;
}

Result<Figures> start_program(const bench::SmallGuest &guest, const std::vector<unsigned> &cpus) {
  Clock::time_point start;
  auto started = bench::StartedGuest::start(guest, [&] {
    start = Clock::now();
    return Result<>();
  });
  if (!started)
    return started.error();
  auto figures = watch(started->signs(), start, cpus, [&] { return started->has_ended(); });
  if (!figures)
    return started->explained(figures.error());
  started->end();
  return figures;
}

Result<Figures> start_by_libvirt(const bench::LibvirtPeer &libvirt, const std::string &image,
                                 const std::vector<unsigned> &cpus) {
  auto signs = LifeSigns::listen();
  if (!signs)
    return signs.error();
  libvirt.describe(image, cpus, *signs);
  const auto start = Clock::now();
  auto virsh = libvirt.create();
  if (!virsh)
    return virsh.error();
  /* It ends when the guest runs. */
  auto figures = watch(*signs, start, cpus, [&] { return virsh->wait(0ms).value_or(0) != 0; });
  if (figures && virsh->wait(30s) != 0)
    figures = Error{"virsh create fails, although the guest runs"};
  auto left = libvirt.destroy();
  if (figures && !left)
    return left.error();
  return figures;
}

void add_arms(bench::Benchmark &benchmark, const bench::Setting &setting, const bench::Peers &peers,
              const std::vector<unsigned> &cpus) {
  const auto vcpus = static_cast<unsigned>(cpus.size());
  const std::string of = fmt::format(", {} vCPUs", vcpus);
  const auto name = [vcpus](const char *way) { return fmt::format("{}-{}", way, vcpus); };
  const std::string image = setting.guests + "/first_write.bin";
  const bench::SmallGuest plain = {setting.qemu, image, vcpus};
  bench::SmallGuest native = plain;
  native.more = bench::pin_options(cpus);
  bench::SmallGuest stock = plain;
  stock.qemu = setting.stock_qemu;
  bench::SmallGuest run = native;
  run.qemu = peers.plain_qemu;
  run.prefix = {setting.qemu_pin, "run", "--"};
  std::string no_stock = peers.no_kvm;
  if (no_stock.empty() && setting.stock_qemu.empty())
    no_stock = "no --stock was given (bench/stock-qemu builds it)";

  benchmark.arms.push_back({name("patched"), "the patched QEMU, no pin asked for" + of,
                            [plain] { return start_program(plain, {}); }, peers.no_kvm});
  benchmark.arms.push_back({name("stock"),
                            "the same version and configuration without the overlay" + of,
                            [stock] { return start_program(stock, {}); }, no_stock});
  benchmark.arms.push_back({name("pinned"), "the patched QEMU with -vcpu for each" + of,
                            [native, cpus] { return start_program(native, cpus); }, peers.no_kvm});
  benchmark.arms.push_back({name("run"), "qemu-pin run on " + peers.plain_qemu + of,
                            [run, cpus] { return start_program(run, cpus); }, peers.no_plain});
  benchmark.arms.push_back(
      {name("libvirt"), "virsh create with vcpupin for each, on " + peers.plain_qemu + of,
       [libvirt = peers.libvirt, image, cpus] { return start_by_libvirt(*libvirt, image, cpus); },
       peers.no_libvirt});
}

/* Of each size, metric by metric. */
void add_comparisons(bench::Benchmark &benchmark, const std::vector<unsigned> &sizes) {
  using Aim = bench::Aim;
  const Aim no_dearer{Aim::Kind::at_most, 1.01};
  const Aim three_times{Aim::Kind::at_least, 3};
  struct Pair {
    const char *metric, *of, *to;
    std::optional<Aim> aim;
  };
  for (const Pair &pair : std::vector<Pair>{{"greeting", "patched", "stock", no_dearer},
                                            {"answer", "patched", "stock", no_dearer},
                                            {"guest", "patched", "stock", no_dearer},
                                            {"guest", "pinned", "patched", {}},
                                            {"guest", "run", "pinned", {}},
                                            {"guest", "libvirt", "pinned", three_times},
                                            {"pinned", "run", "pinned", {}},
                                            {"pinned", "libvirt", "pinned", three_times}})
    for (const unsigned size : sizes)
      benchmark.comparisons.push_back({pair.metric, fmt::format("{}-{}", pair.of, size),
                                       fmt::format("{}-{}", pair.to, size), pair.aim});
}

/* One line a way, over the number of vCPUs. */
bench::Plot plot_of(const bench::Report &report, const bench::Metric &metric,
                    const std::vector<unsigned> &sizes) {
  bench::Plot plot;
  plot.kind = bench::Plot::Kind::lines;
  plot.title = "From exec: " + metric.title;
  plot.x_title = "vCPUs";
  plot.y_title = "ms";
  plot.log_x = true;
  for (const char *way : {"patched", "stock", "pinned", "run", "libvirt"}) {
    bench::PlotSeries series{way, {}};
    for (const unsigned size : sizes)
      for (const bench::Row &row : report.rows)
        if (row.metric == metric.title && row.arm == fmt::format("{}-{}", way, size))
          series.points.push_back({static_cast<double>(size), row.median, row.low, row.high});
    if (!series.points.empty())
      plot.series.push_back(series);
  }
  return plot;
}

Result<bench::Report> measure(const bench::Setting &setting) {
  const std::vector<unsigned> sizes =
      setting.quick ? std::vector<unsigned>{2} : std::vector<unsigned>{2, 8, 64};
  bench::Benchmark benchmark;
  benchmark.name = "start-up";
  benchmark.title = "Start-up";
  benchmark.about =
      "A QEMU is started under KVM with the smallest of machines, whose first vCPU writes one "
      "byte to the debug port as its first deed and halts. Time runs from just before the fork "
      "and exec of the program that a user would type (for libvirt: `virsh create`, with the "
      "daemon running and QEMU known to it), on sockets that wake us.";
  benchmark.limits = {
      "Pinned is what was seen from the monitor's first answer on, every 0.5 ms.",
      "With -vcpu the masks were set before that: pin-window has when.",
      "QEMU greets on a thread of its own, before its machine is made; it answers when it is.",
      ("The machine has no devices and 16 MiB: a real guest's memory and devices cost the same "
       "with all of these, and bring all ratios nearer to 1."),
      "libvirtd runs without cgroups and security driver, which is less work than on most hosts.",
      "Where KVM itself is emulated, making a vCPU costs other than on bare metal.",
  };
  benchmark.metrics = {{"greeting", "to the monitor's greeting", "ms"},
                       {"answer", "to its first answer", "ms"},
                       {"guest", "to the guest's first write", "ms"},
                       {"pinned", "to every vCPU seen pinned", "ms"}};
  const bench::Peers peers = bench::find_peers(setting);
  for (const unsigned size : sizes) {
    auto cpus = bench::one_cpu_each(size);
    if (!cpus)
      return cpus.error();
    add_arms(benchmark, setting, peers, *cpus);
  }
  add_comparisons(benchmark, sizes);
  auto report = bench::measure_arms(benchmark, setting);
  if (report)
    for (const bench::Metric &metric : benchmark.metrics)
      if (!report->rows.empty())
        report->plots.push_back(plot_of(*report, metric, sizes));
  return report;
}

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "start-up", measure);
}
