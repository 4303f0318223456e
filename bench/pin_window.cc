/*
 * How long vCPU threads live before they are pinned, and what they do in that time, for each
 * way to pin them: by the kernel's trace.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "command.h"
#include "harness/guest.h"
#include "kernel_trace.h"
#include "peers.h"
#include "ring3_count.h"
#include "small_guest.h"
#include "thread_creation.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fmt/core.h>
#include <memory>
#include <sched.h>

using namespace std::chrono_literals;
using bench::Clock;
using bench::Figures;
using bench::KernelTrace;
using bench::LifeSigns;
using bench::TraceEvent;
using qemu_pin::Error;
using qemu_pin::Qmp;
using qemu_pin::Result;

namespace {

constexpr unsigned vcpus = 2;

enum class Pinner {
  itself,    /* QEMU, or the program that started it */
  us_paused, /* we do, while -S holds the guest */
  us_while_it_runs
};

/* As fast as a client can be: two round trips, and a call for each vCPU. */
Result<> pin_by_monitor(Qmp &monitor, const std::vector<unsigned> &cpus) {
  auto threads = vcpu_threads(monitor);
  if (!threads)
    return threads.error();
  for (const auto &[vcpu, thread] : *threads) {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(cpus.at(vcpu), &mask);
    if (sched_setaffinity(thread, sizeof mask, &mask) != 0)
      return qemu_pin::system_error("sched_setaffinity", errno);
  }
  return {};
}

/* Of all vCPUs: the longest window, and the sums of what they did in theirs. */
Result<Figures> figures_of(std::span<const TraceEvent> events,
                           const std::map<unsigned, pid_t> &threads, bool counts_ring3) {
  std::int64_t window = 0;
  std::int64_t cpu = 0;
  std::int64_t guest = 0;
  unsigned entries = 0;
  unsigned emulated = 0;
  for (const auto &[vcpu, thread] : threads) {
    auto creation = bench::creation_of(events, thread);
    if (!creation)
      return creation.error();
    const auto [created, pinned] = *creation;
    window = std::max(window, pinned - created);
    cpu += bench::cpu_time(events, thread, created, pinned);
    guest += bench::guest_time(events, thread, created, pinned);
    entries += bench::count_of(events, TraceEvent::Kind::guest_runs, thread, created, pinned);
    emulated += bench::count_of(events, TraceEvent::Kind::emulated, thread, created, pinned);
  }
  Figures figures = {{"window", static_cast<double>(window)},
                     {"cpu", static_cast<double>(cpu)},
                     {"guest", static_cast<double>(guest)},
                     {"entries", entries}};
  /* Guest code runs in KVM_RUN and nowhere else; ring 3 is counted otherwise. */
  if (entries == 0 || counts_ring3)
    figures["instructions"] = emulated;
  return figures;
}

/* Once the guest runs: its vCPU threads, when all of them are where they should be. */
Result<std::map<unsigned, pid_t>> pinned_threads(LifeSigns &signs,
                                                 const std::vector<unsigned> &cpus) {
  if (auto pinned = bench::wait_pinned(signs, cpus); !pinned)
    return pinned.error();
  return bench::vcpu_threads(signs.process(), signs);
}

Result<Figures> start_program(KernelTrace &trace, const bench::SmallGuest &guest,
                              const std::vector<unsigned> &cpus, Pinner pinner) {
  auto started = bench::StartedGuest::start(guest, [&] { return trace.start(); });
  if (!started)
    return started.error();
  if (auto result = started->wait_greeting(); !result)
    return result.error();
  std::optional<Qmp> monitor;
  if (pinner != Pinner::itself) {
    auto greeted = started->signs().monitor();
    if (!greeted)
      return greeted.error();
    monitor.emplace(std::move(*greeted));
    if (auto result = pin_by_monitor(*monitor, cpus); !result)
      return result.error();
  }
  std::optional<bench::Ring3Count> count;
  if (pinner == Pinner::us_paused) {
    if (auto running = monitor->execute("cont"); !running)
      return running.error();
  } else if (pinner == Pinner::us_while_it_runs) {
    auto taken = bench::Ring3Count::take(*monitor);
    if (!taken)
      return taken.error();
    count = *taken;
  }
  if (auto result = started->wait_guest(); !result)
    return result.error();
  auto threads = pinned_threads(started->signs(), cpus);
  if (!threads)
    return threads.error();
  auto events = trace.stop();
  if (!events)
    return events.error();
  auto figures = figures_of(*events, *threads, count.has_value());
  if (figures && count) {
    auto instructions = count->before_pins(*events, *threads);
    if (!instructions)
      return instructions.error();
    (*figures)["instructions"] += *instructions;
  }
  started->end();
  return figures;
}

Result<Figures> watch_libvirt(KernelTrace &trace, const bench::LibvirtPeer &libvirt,
                              LifeSigns &signs, const std::vector<unsigned> &cpus) {
  if (auto result = trace.start(); !result)
    return result.error();
  auto virsh = libvirt.create();
  if (!virsh)
    return virsh.error();
  const auto has_failed = [&] { return virsh->wait(0ms).value_or(0) != 0; };
  if (auto result = signs.wait_greeting(has_failed); !result)
    return result.error();
  if (auto result = signs.wait_guest(has_failed); !result)
    return result.error();
  if (virsh->wait(30s) != 0)
    return Error{"virsh create fails, although the guest runs"};
  auto threads = pinned_threads(signs, cpus);
  if (!threads)
    return threads.error();
  auto events = trace.stop();
  if (!events)
    return events.error();
  /* libvirtd's calls name threads as it knows them. */
  for (const auto &[vcpu, thread] : *threads) {
    const pid_t theirs = bench::LibvirtPeer::their_id(thread);
    for (TraceEvent &event : *events)
      if (event.kind == TraceEvent::Kind::set_mask && event.other == theirs)
        event.other = thread;
  }
  return figures_of(*events, *threads, false);
}

Result<Figures> start_by_libvirt(KernelTrace &trace, const bench::LibvirtPeer &libvirt,
                                 const std::string &image, const std::vector<unsigned> &cpus) {
  auto signs = LifeSigns::listen();
  if (!signs)
    return signs.error();
  libvirt.describe(image, cpus, *signs);
  auto figures = watch_libvirt(trace, libvirt, *signs, cpus);
  auto left = libvirt.destroy();
  if (figures && !left)
    return left.error();
  return figures;
}

std::vector<bench::Arm> arms_of(const bench::Setting &setting, const bench::Peers &peers,
                                const std::shared_ptr<KernelTrace> &trace, std::string no_trace,
                                const std::vector<unsigned> &cpus) {
  const std::string image = setting.guests + "/spin.bin";
  if (no_trace.empty())
    no_trace = peers.no_kvm;
  const std::string no_plain = no_trace.empty() ? peers.no_plain : no_trace;
  const std::string no_libvirt = no_trace.empty() ? peers.no_libvirt : no_trace;
  const bench::SmallGuest plain = {peers.plain_qemu, image, vcpus};
  bench::SmallGuest native = {setting.qemu, image, vcpus};
  native.more = bench::pin_options(cpus);
  bench::SmallGuest run = plain;
  run.prefix = {setting.qemu_pin, "run", "--"};
  run.more = native.more;
  bench::SmallGuest paused = plain;
  paused.more = {"-S"};
  const auto program = [&](const bench::SmallGuest &guest, Pinner pinner) {
    return [trace, guest, cpus, pinner] { return start_program(*trace, guest, cpus, pinner); };
  };
  const std::string on = " (" + peers.plain_qemu + ")";
  return {
      {"native", "the patched QEMU with -vcpu", program(native, Pinner::itself), no_trace},
      {"run", "qemu-pin run on a QEMU without the overlay" + on, program(run, Pinner::itself),
       no_plain},
      {"paused", "that QEMU with -S, pinned by a tight monitor client that then says cont",
       program(paused, Pinner::us_paused), no_plain},
      {"after", "that QEMU, its guest running, pinned by the same client as soon as it answers",
       program(plain, Pinner::us_while_it_runs), no_plain},
      {"libvirt", "virsh create with vcpupin, of that QEMU",
       [trace, libvirt = peers.libvirt, image, cpus] {
         return start_by_libvirt(*trace, *libvirt, image, cpus);
       },
       no_libvirt},
  };
}

Result<bench::Report> measure(const bench::Setting &setting) {
  auto cpus = bench::one_cpu_each(vcpus);
  if (!cpus)
    return cpus.error();
  bench::Benchmark benchmark;
  benchmark.name = "pin-window";
  benchmark.title = "Pin window";
  benchmark.about =
      "A guest of two vCPUs that spin (tests/guest/spin.S) is started under KVM, each vCPU pinned "
      "to a CPU of its own. The kernel's trace (sched_process_fork, sched_switch, "
      "sched_setaffinity, KVM_RUN) says when each vCPU thread was created, when the last call that "
      "set its mask returned, and what it did between. The aim for native: under 100 us, and no "
      "guest instruction.";
  benchmark.limits = {
      "Guest code runs in KVM_RUN only, so no call before the pin is no instruction before it. "
      "Where there were calls, ring 3's are counted by the guest itself: turns of its loop of two, "
      "as the registers say when it is stopped, less what it did after the pin at the pace "
      "measured next. Before, in ring 0, are those that KVM says it emulated: all, where KVM is "
      "itself emulated, and next to none of the first 3,000 elsewhere.",
      "Tracing costs the traced about a microsecond an event, and its clock is read in whole "
      "microseconds.",
      "Pinning after the start is shown at its fastest: a client in C++ that waits on the monitor. "
      "A script that asks a second later leaves a second.",
  };
  benchmark.metrics = {{"window", "creation to pin, longest", "us"},
                       {"cpu", "CPU time before the pin", "us"},
                       {"entries", "KVM_RUN before the pin", ""},
                       {"guest", "of it in KVM_RUN", "us"},
                       {"instructions", "guest instructions before it", ""}};
  std::shared_ptr<KernelTrace> trace;
  auto opened = KernelTrace::open();
  if (opened)
    trace = std::make_shared<KernelTrace>(std::move(*opened));
  /* After the trace, which sees only what begins later: libvirtd too. */
  const bench::Peers peers = bench::find_peers(setting);
  benchmark.arms = arms_of(setting, peers, trace, trace ? "" : opened.error().message, *cpus);
  using Aim = bench::Aim;
  benchmark.median_aims = {{"instructions", "native", Aim{Aim::Kind::at_most, 0}},
                           {"window", "native", Aim{Aim::Kind::at_most, 100}}};
  for (const char *metric : {"window", "cpu"})
    for (const char *peer : {"run", "paused", "after", "libvirt"})
      benchmark.comparisons.push_back({metric, peer, "native"});
  auto report = bench::measure_arms(benchmark, setting);
  if (report && !report->rows.empty())
    for (const std::size_t metric : {0, 1}) /* those that no arm has 0 of */
      report->plots.push_back(bench::bars_of(*report, metric, /*log=*/true));
  return report;
}

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "pin-window", measure);
}
