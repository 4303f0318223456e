/*
 * qemu-pin run: the pin options for a QEMU that does not have them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/printable.h"
#include "check/guest_description.h"
#include "commands/isolation_options.h"
#include "commands/subcommand.h"
#include "host/node_set.h"
#include "isolation/guest_isolation.h"
#include "machine/asked_options.h"
#include "pins/option_pieces.h"
#include "run/daemon_guard.h"
#include "run/last_resort.h"
#include "run/pin_watch.h"
#include "run/pinned_start.h"
#include "run/private_monitor.h"
#include "run/qemu_help.h"
#include "run/supervisor.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fmt/core.h>
#include <memory>
#include <unistd.h>

namespace qemu_pin {

using namespace std::chrono_literals;

namespace {

struct RunOptions {
  std::vector<std::string> arguments;
  IsolationOptions isolation;
  bool isolate = false;
  unsigned timeout = 30; /* seconds */
  bool quiet = false;
};

bool has_option(const std::vector<std::string> &arguments, const std::string &option) {
  return std::any_of(arguments.begin(), arguments.end(),
                     [&](const std::string &argument) { return option_name(argument) == option; });
}

/* Gives the CPUs back now: what follows may end this process. */
void end(GuestIsolation &isolation) {
  for (const std::string &line : isolation.end())
    report(line);
}

/* Returns only if it fails. */
Error become(const std::vector<std::string> &arguments) {
  unsetenv(asked_variable); /* who is asked is this QEMU, by its command line */
  std::vector<char *> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string &argument : arguments)
    argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  return system_error(arguments[0], errno);
}

/* As our child, for we have something to do when it has ended. Returns only if it cannot be
 * started. */
Error supervise(const std::vector<std::string> &arguments, GuestIsolation &isolation) {
  auto signals = PassedSignals::hold();
  if (!signals)
    return signals.error();
  unsetenv(asked_variable);
  ChildCommand command;
  command.argv = arguments;
  command.blocked = signals->former();
  command.changes_user = has_option(arguments, "-runas") || has_option(arguments, "-run-with");
  auto child = ChildProcess::start(command);
  if (!child)
    return child.error();
  PassedSignals::heed_all();
  Supervisor supervisor(std::move(*signals), std::move(*child), /*shares_terminal=*/true);
  while (supervisor.wait(-1, {}) != Supervisor::Event::child_ended)
    ;
  end(isolation);
  std::exit(end_likewise(*supervisor.child().wait({})));
}

/* How many vCPUs the machine may have, where the command line alone says that. */
std::optional<unsigned> most_vcpus(const std::vector<std::string> &arguments) {
  const auto sizes = std::count_if(arguments.begin(), arguments.end(), [](const auto &argument) {
    return option_name(argument) == "-smp";
  });
  const GuestDescription guest = read_qemu_arguments(arguments);
  if (sizes != 1 || !guest.errors.empty() || has_option(arguments, "-readconfig"))
    return std::nullopt;
  return guest.topology.cpus;
}

/* What can be told before QEMU is started. */
Result<> fault_of(const CommandLine &line) {
  auto possible = PinRequests::on_this_host(most_vcpus(line.rest).value_or(UINT_MAX));
  if (!possible)
    return possible.error();
  for (const PinOption &option : line.pins)
    if (auto result = possible->add(option); !result)
      return result.error();
  return {};
}

/* A stock QEMU with these pins, as our child. */
class Run {
public:
  Run(const Host &host, CommandLine line, AskedPins asked, const RunOptions &options,
      std::optional<GuestIsolation> &isolation)
      : host_(host), isolation_(isolation),
        line_(std::move(line)), request_{line_.pins,
                                         std::move(asked),
                                         has_option(line_.rest, "-preconfig"),
                                         has_option(line_.rest, "-S"),
                                         has_option(line_.rest, "-daemonize"),
                                         std::chrono::seconds(options.timeout),
                                         options.quiet} {}

  int run() {
    auto own = read_pin(getpid());
    if (!own)
      return report(own.error().message);
    start_ = *own;
    if (auto result = start_qemu(); !result)
      return report(result.error().message);
    PinnedStart start(host_, request_, *supervisor_, monitor_.take());
    auto pinned = start.greet();
    /* As the patched QEMU does: who waits for -daemonize is to configure the machine. */
    if (pinned && request_.daemonize && request_.preconfig)
      go_to_background();
    if (pinned)
      pinned = start.wait_for_machine();
    if (pinned)
      pinned = start.pin();
    if (!pinned)
      return failed(start, pinned.error());
    auto watch = PinWatch::start(start.machine(), request_.asked, start.later(), start_, report);
    if (!watch)
      return failed(start, watch.error());
    if (auto result = start.let_run(); !result)
      return failed(start, result.error());
    if (guard_)
      return leave(*watch);
    watch->run(&*supervisor_);
    start.close_monitor();
    last_resort_.reset();
    keep_off_vcpus();
    while (supervisor_->wait(-1, {}) != Supervisor::Event::child_ended)
      ;
    return end_as(*supervisor_->child().wait({}));
  }

private:
  int end_as(const ProcessEnd &qemu) {
    last_resort_.reset(); /* which is in the guest's control group */
    if (isolation_)
      end(*isolation_);
    return end_likewise(qemu);
  }

  Result<> start_qemu() {
    auto monitor = PrivateMonitor::make();
    if (!monitor)
      return monitor.error();
    monitor_ = std::move(*monitor);
    auto signals = PassedSignals::hold();
    if (!signals)
      return signals.error();
    setenv(asked_variable, asked_value(line_.pins).c_str(), 1);
    ChildCommand command;
    command.argv = line_.rest;
    command.argv.push_back("-S");
    for (const std::string &option : monitor_.options())
      command.argv.push_back(option);
    command.inherited = monitor_.descriptors();
    command.blocked = signals->former();
    command.changes_user = has_option(line_.rest, "-runas") || has_option(line_.rest, "-run-with");
    auto child = request_.daemonize ? start_guarded(command) : ChildProcess::start(command);
    if (!child)
      return child.error();
    PassedSignals::heed_all();
    supervisor_.emplace(std::move(*signals), std::move(*child), /*shares_terminal=*/!guard_);
    if (guard_)
      return {};
    auto last_resort = start_last_resort(supervisor_->child());
    if (!last_resort)
      return last_resort.error();
    last_resort_.emplace(std::move(*last_resort));
    return {};
  }

  Result<ChildProcess> start_guarded(const ChildCommand &command) {
    auto guard = DaemonGuard::start(command, report);
    if (!guard)
      return guard.error();
    guard_.emplace(std::move(*guard));
    return guard_->take_child();
  }

  /* Why QEMU's guest never runs: QEMU has ended by itself, or is ended. */
  int failed(PinnedStart &start, const Error &error) {
    constexpr auto moment = 200ms;
    if (auto end = supervisor_->child().wait(moment))
      return end_as(*end);
    /* First: who reads it may wait for our end only. */
    const int status = report(error.message);
    start.end_qemu();
    if (guard_)
      guard_.reset(); /* it ends what is left */
    else
      supervisor_->child().signal(SIGKILL);
    supervisor_->child().wait({});
    return status;
  }

  static void go_to_background() {
    if (daemon(0, 0) != 0)
      report(system_error("daemon", errno).message);
  }

  /* The daemon runs on without us, but for what is not there to be pinned yet. */
  int leave(PinWatch &watch) {
    if (watch.is_long())
      go_to_background();
    guard_->release();
    watch.run(nullptr);
    return done;
  }

  /* We sleep, but for signals, so it does not matter much if that fails. Not earlier: we may pin to
   * what we may run on only. */
  void keep_off_vcpus() const {
    if (request_.asked.emulator)
      (void)apply_pin(getpid(), {request_.asked.emulator->cpus, start_.sched});
  }

  const Host &host_;
  std::optional<GuestIsolation> &isolation_;
  CommandLine line_;
  PinnedStartRequest request_;
  ThreadPin start_;
  PrivateMonitor monitor_;
  std::optional<DaemonGuard> guard_;
  std::optional<Supervisor> supervisor_;
  std::optional<ChildProcess> last_resort_; /* while the monitor is open */
};

/* The CPUs of the vCPUs, as far as the command line pins them. */
Result<CpuSet> vcpu_cpus(const CommandLine &line) {
  auto asked = asked_by(line.pins);
  if (!asked)
    return asked.error();
  CpuSet cpus;
  for (const auto &[vcpu, pin] : asked->vcpus)
    cpus.insert(pin.cpus.begin(), pin.cpus.end());
  if (cpus.empty())
    return Error{"--isolate: no vCPU is pinned, so say which CPUs: --isolate=CPUS"};
  return cpus;
}

Result<GuestIsolation> isolate_for(const Host &host, const RunOptions &options,
                                   const CommandLine &line) {
  if (geteuid() != 0)
    return Error{"--isolate changes the host: it must be run by root (sudo)"};
  auto steps = chosen_steps(options.isolation);
  if (!steps)
    return steps.error();
  auto cpus = options.isolation.cpus.empty() ? vcpu_cpus(line)
                                             : read_cpus_or_nodes(host, options.isolation.cpus);
  if (!cpus)
    return cpus.error();
  auto request = isolation_request(options.isolation, host, *cpus, *steps);
  if (!request)
    return request.error();
  request->command = "qemu-pin run --isolate";
  return GuestIsolation::begin(host, *request, *steps, [&](const StepReport &report) {
    for (const std::string &told : report.lines)
      if (!options.quiet)
        fmt::print(stderr, "qemu-pin: {}: {}\n", report.step, printable(told));
  });
}

int run(const RunOptions &options) {
  if (options.arguments.empty())
    return report("the QEMU to run is missing: -- QEMU ARGS... (try --help)");
  auto line = split_command_line(options.arguments);
  auto patched = is_patched(options.arguments[0], std::chrono::seconds(options.timeout));
  if (!patched)
    return report(patched.error().message);
  const bool is_native = *patched || (line && line->pins.empty());
  if (is_native && !options.isolate)
    return report(become(options.arguments).message);
  if (!line)
    return report(line.error().message);
  auto asked = asked_by(line->pins);
  if (!asked)
    return report(asked.error().message);
  if (!is_native)
    if (auto result = fault_of(*line); !result)
      return report(result.error().message);
  const Host host;
  std::optional<GuestIsolation> isolation;
  if (options.isolate) {
    auto begun = isolate_for(host, options, *line);
    if (!begun)
      return report(begun.error().message);
    isolation.emplace(std::move(*begun));
  }
  if (is_native)
    return report(supervise(options.arguments, *isolation).message);
  return Run(host, std::move(*line), std::move(*asked), options, isolation).run();
}

} // namespace

void add_run(Program &program, int &status, const Tail &tail) {
  auto options = std::make_shared<RunOptions>();
  const Command run_command = program.add_subcommand("run", "Start any QEMU with pins");
  run_command.footer(
      "-vcpu, -iothreadpin and -emulatorpin are as the patched QEMU has them.\n"
      "If pinning fails, the guest never runs. A QEMU that has these options itself is\n"
      "just executed. Exit status: QEMU's; 2 trouble.");
  run_command
      .add_option("--timeout", options->timeout, "For QEMU to answer, in seconds (default 30)")
      .type_name("SECONDS")
      .range(1, 86400)
      .group("How");
  run_command.add_flag("-q,--quiet", options->quiet, "Do not say what is waited for").group("How");
  run_command
      .add_option(
          "--isolate",
          [options](const std::string &cpus) {
            options->isolate = true;
            options->isolation.cpus = cpus;
          },
          "Keep the host off the vCPUs' CPUs, or these")
      .type_name("[=CPUS]")
      .optional_value()
      .group("Isolation (see qemu-pin isolate --help)");
  add_isolation_options(run_command, options->isolation, "Isolation (see qemu-pin isolate --help)");
  run_command.callback([options, &status, &tail] {
    options->arguments = tail;
    status = run(*options);
  });
}

} // namespace qemu_pin
