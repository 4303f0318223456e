/*
 * qemu-pin verify: is every thread where it was asked to be?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "base/printable.h"
#include "commands/machine_options.h"
#include "commands/subcommand.h"
#include "machine/asked_options.h"
#include "machine/drift.h"
#include "observe/stranger_report.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <memory>
#include <poll.h>

namespace qemu_pin {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr auto between_looks = 100ms;
constexpr auto usual_time = 500ms;
/* QEMU needs that long at most to notice a thread that inherited a vCPU's pin. */
constexpr auto grace = 150ms;
/* At most, from the end of its threads, or monitor, to that of the process. */
constexpr auto for_its_end = 2s;

struct VerifyOptions {
  MachineOptions machine;
  std::vector<std::string> arguments;
  std::string plan;
  double seconds = 0; /* 0: not given */
  bool watch = false, json = false, quiet = false;
};

/* What was found, over the whole time. */
struct Verdict {
  std::size_t threads = 0; /* at the last look */
  std::vector<Drift> drifts;
  bool has_ended = false;
};

volatile std::sig_atomic_t interrupted = 0;

Result<AskedPins> asked_of(const VerifyOptions &options, const QemuProcess &process) {
  if (!options.plan.empty()) {
    auto plan = read_plan(options.plan);
    if (!plan)
      return plan.error();
    return asked_by(*plan);
  }
  Result<std::vector<PinOption>> pins = std::vector<PinOption>();
  if (options.arguments.empty()) {
    pins = asked_options(process);
  } else {
    auto line = split_command_line(options.arguments);
    pins = line ? Result<std::vector<PinOption>>(line->pins) : line.error();
  }
  if (!pins)
    return pins.error();
  if (pins->empty())
    return Error{options.arguments.empty()
                     ? fmt::format("process {} was started without pins: say what was asked, by "
                                   "--plan or by options after --",
                                   process.id())
                     : "there is no pin option after --"};
  return asked_by(*pins);
}

/* Waits, but not for longer than the machine lives. */
void pause(const Machine &machine, milliseconds time) {
  pollfd end{machine.process().descriptor(), POLLIN, 0};
  poll(&end, 1, static_cast<int>(time.count()));
}

/* Those that last: the moment in which a thread is noticed and moved is none. */
Result<std::vector<Drift>> lasting_drifts(Machine &machine, const AskedPins &asked) {
  auto first = find_drifts(machine, asked);
  if (!first || first->empty())
    return first;
  pause(machine, grace);
  auto second = find_drifts(machine, asked);
  if (!second)
    return second;
  std::erase_if(*second, [&](const Drift &drift) {
    return std::none_of(first->begin(), first->end(), [&](const Drift &one) {
      return one.thread == drift.thread && one.role == drift.role;
    });
  });
  return second;
}

CpuSet vcpu_cpus(const AskedPins &asked) {
  CpuSet cpus;
  for (const auto &[vcpu, pin] : asked.vcpus)
    cpus.insert(pin.cpus.begin(), pin.cpus.end());
  return cpus;
}

/* vCPUs that may be plugged later, and iothreads that came and went, are none if the
 * machine itself was started with their pins. */
void forgive_absent(std::vector<Drift> &drifts, const VerifyOptions &options) {
  if (options.arguments.empty() && options.plan.empty())
    std::erase_if(drifts, [](const Drift &drift) { return !drift.thread; });
}

Result<Verdict> observe(const VerifyOptions &options, Machine &machine, const AskedPins &asked,
                        Strangers &strangers) {
  const auto time =
      options.seconds > 0
          ? std::chrono::duration_cast<milliseconds>(std::chrono::duration<double>(options.seconds))
          : milliseconds(usual_time);
  const bool for_ever = options.watch && options.seconds <= 0;
  const auto deadline = steady_clock::now() + time;
  Verdict verdict;
  for (bool is_first = true;; is_first = false) {
    strangers.look();
    auto drifts = lasting_drifts(machine, asked);
    /* What fails later, as threads and monitor go before the process does. */
    if (!drifts && !is_first)
      pause(machine, for_its_end);
    if (!machine.process().is_alive()) {
      if (is_first)
        return Error{"the machine has ended"};
      verdict.has_ended = true;
      return verdict;
    }
    if (!drifts)
      return drifts.error();
    forgive_absent(*drifts, options);
    auto threads = machine.threads();
    verdict.threads = threads ? threads->size() : 0;
    verdict.drifts = std::move(*drifts);
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (!verdict.drifts.empty() || interrupted || (!for_ever && left <= 0ms)) {
      strangers.look();
      return verdict;
    }
    pause(machine,
          for_ever ? milliseconds(between_looks) : std::min<milliseconds>(left, between_looks));
  }
}

void print_text(const VerifyOptions &options, const Machine &machine, const Verdict &verdict,
                const Strangers &strangers) {
  for (const Drift &drift : verdict.drifts)
    fmt::print("{}\n", drift.text());
  if (options.quiet)
    return;
  if (verdict.drifts.empty())
    fmt::print("{}: {}\n", machine.process().text(),
               verdict.has_ended ? "as asked until it ended"
                                 : fmt::format("as asked ({} threads)", verdict.threads));
  for (const std::string &line : stranger_lines(strangers.threads(), strangers.time()))
    fmt::print("shared: {}\n", line);
  for (const std::string &line : interrupt_lines(strangers.interrupts(), strangers.time()))
    fmt::print("shared: {}\n", line);
}

void print_json(const Machine &machine, const Verdict &verdict, const Strangers &strangers) {
  using nlohmann::ordered_json;
  ordered_json document = {{"qemu-pin-verify", 1},
                           {"pid", machine.process().id()},
                           {"guest", printable(machine.process().guest_name())},
                           {"ended", verdict.has_ended},
                           {"differences", ordered_json::array()},
                           {"shared",
                            {{"ns", strangers.time().count()},
                             {"threads", strangers_json(strangers.threads())},
                             {"interrupts", interrupts_json(strangers.interrupts())}}}};
  for (const Drift &drift : verdict.drifts)
    document["differences"].push_back({{"role", drift.role},
                                       {"thread", drift.thread ? drift.thread->id : 0},
                                       {"asked", drift.asked},
                                       {"found", drift.found},
                                       {"cause", drift.cause}});
  fmt::print("{}", json_document(document));
}

int verify(const VerifyOptions &options) {
  if (!options.arguments.empty() && !options.plan.empty())
    return report("--plan excludes options after --");
  const Host host;
  auto machine = open_machine(host, options.machine);
  if (!machine)
    return report(machine.error().message);
  auto asked = asked_of(options, (*machine)->process());
  if (!asked)
    return report(asked.error().message);
  struct sigaction stop = {};
  stop.sa_handler = [](int) { interrupted = 1; };
  sigaction(SIGINT, &stop, nullptr);
  sigaction(SIGTERM, &stop, nullptr);
  Strangers strangers(host, vcpu_cpus(*asked), {(*machine)->process().id()});
  auto verdict = observe(options, **machine, *asked, strangers);
  if (!verdict)
    return report(verdict.error().message);
  if (options.json)
    print_json(**machine, *verdict, strangers);
  else
    print_text(options, **machine, *verdict, strangers);
  return verdict->drifts.empty() ? done : not_as_planned;
}

} // namespace

void add_verify(Program &program, int &status, const Tail &tail) {
  auto options = std::make_shared<VerifyOptions>();
  const Command verify_command =
      program.add_subcommand("verify", "Say whether a machine's threads are where asked");
  verify_command.footer(
      "Asked: by the pin options that QEMU was started with, unless --plan or options\n"
      "after -- say otherwise. A line for each thread that differs, with the likely\n"
      "cause; and who else ran on the vCPUs' CPUs meanwhile, which is no difference.\n"
      "Exit status: 0 as asked, 1 differences, 2 trouble.");
  add_machine_options(verify_command, options->machine, true, false);
  verify_command.add_option("--plan", options->plan, "Asked by a plan (JSON)")
      .type_name("FILE")
      .group("Asked");

  verify_command.add_option("--for", options->seconds, "Look for so long; default: 0.5")
      .type_name("SECONDS")
      .positive()
      .group("How long");
  verify_command.add_flag("--watch", options->watch, "Until it differs, or the machine ends")
      .group("How long");
  verify_command.add_flag("--json", options->json, "As JSON").group("Output");
  verify_command.add_flag("-q,--quiet", options->quiet, "Only differences").group("Output");
  verify_command.callback([options, &status, &tail] {
    options->arguments = tail;
    status = verify(*options);
  });
}

} // namespace qemu_pin
