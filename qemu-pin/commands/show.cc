/*
 * qemu-pin show: what each thread of a running machine is for, where it may run and
 * where it does.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/number.h"
#include "commands/machine_options.h"
#include "commands/subcommand.h"
#include "observe/show_json.h"
#include "observe/thread_looks.h"
#include "observe/thread_table.h"
#include "observe/watch_screen.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fmt/core.h>
#include <memory>
#include <set>

namespace qemu_pin {

namespace {

using Seconds = std::chrono::duration<double>;
using std::chrono::steady_clock;

constexpr double longest_time = 86400;

struct ShowOptions {
  MachineOptions machine;
  std::string watch, time; /* as they were given; "": not */
  bool json = false;
};

Result<steady_clock::duration> read_seconds(const std::string &option, const std::string &text) {
  const auto seconds = number<double>(text);
  if (!seconds || !(*seconds >= 0.01) || *seconds > longest_time)
    return Error{
        fmt::format("{} {}: not a number of seconds from 0.01 to {}", option, text, longest_time)};
  return std::chrono::duration_cast<steady_clock::duration>(Seconds(*seconds));
}

std::string lacking_roles_text(pid_t process) {
  return fmt::format("of process {} nothing tells which thread is which vCPU's: "
                     "give --qmp SOCKET, or start QEMU with -name debug-threads=on",
                     process);
}

/* The machines, and what has become of them. */
class Shown {
public:
  Shown(const Host &host, std::vector<std::unique_ptr<Machine>> machines) : host_(host) {
    for (auto &machine : machines)
      machines_.emplace_back(std::move(machine));
  }

  /* Looks at all again. One that has ended, or cannot be looked at any more, is not
   * one of them from then on. */
  void look() {
    looks_.clear();
    std::erase_if(machines_, [this](ThreadLooks &machine) {
      auto look = machine.look();
      if (look && !look->threads.empty()) {
        looks_.push_back(std::move(*look));
        return false;
      }
      last_ended_ = machine.process().text() + " has ended";
      if (!look)
        failures_.push_back(look.error().message);
      return true;
    });
  }

  /* Those that run and are not among them yet. What was looked at and is no QEMU may
   * have become one since, so all are looked at again. */
  void add_new() {
    auto ids = host_.procfs().process_ids();
    if (!ids)
      return;
    std::set<pid_t> known;
    for (const ThreadLooks &machine : machines_)
      known.insert(machine.process().id());
    for (const pid_t id : *ids) {
      MachineOptions options;
      options.process = id;
      if (known.contains(id))
        continue;
      if (auto machine = open_machine(host_, options))
        machines_.emplace_back(std::move(*machine));
    }
  }

  const std::vector<MachineLook> &looks() const { return looks_; }
  const std::vector<std::string> &failures() const { return failures_; }
  const std::string &last_ended() const { return last_ended_; }

  /* Readable when their machine ends. */
  std::vector<int> descriptors() const {
    std::vector<int> numbers;
    for (const ThreadLooks &machine : machines_)
      numbers.push_back(machine.process().descriptor());
    return numbers;
  }

private:
  const Host &host_;
  std::vector<ThreadLooks> machines_;
  std::vector<MachineLook> looks_;
  std::vector<std::string> failures_;
  std::string last_ended_;
};

/* Waits even if some of several machines end: what remains is to be shown in its time. */
void wait_for_next(const Shown &shown, steady_clock::time_point until) {
  std::vector<pollfd> polled;
  for (const int descriptor : shown.descriptors())
    polled.push_back({descriptor, POLLIN, 0});
  while (!polled.empty() && wait_readable(polled, until))
    std::erase_if(polled, [](const pollfd &descriptor) { return descriptor.revents != 0; });
}

void print(const std::vector<MachineLook> &looks, bool json, bool watched) {
  if (json) {
    fmt::print("{}", show_json(looks, watched));
    return;
  }
  bool first = true;
  for (const MachineLook &look : looks) {
    const ThreadTable table = thread_table(look, {});
    std::string text = first ? "" : "\n";
    text += text_of(table.title) + "\n" + text_of(table.headings) + "\n";
    for (const Line &line : table.threads)
      text += text_of(line) + "\n";
    fmt::print("{}", text);
    first = false;
  }
}

/* Each machine of which it was not said yet. */
void tell_of_lacking_roles(const std::vector<MachineLook> &looks, std::set<pid_t> &told) {
  for (const MachineLook &look : looks)
    if (look.lacks_roles() && told.insert(look.process).second)
      report(lacking_roles_text(look.process));
}

int tell_failures(const Shown &shown) {
  for (const std::string &message : shown.failures())
    report(message);
  return shown.failures().empty() ? done : trouble;
}

int show_once(const ShowOptions &options, Shown &shown, steady_clock::duration time) {
  shown.look();
  if (!options.time.empty()) {
    wait_for_next(shown, steady_clock::now() + time);
    shown.look();
  }
  if (int status = tell_failures(shown))
    return status;
  if (shown.looks().empty() && !options.machine.all)
    return report(shown.last_ended());
  std::fflush(stdout);
  std::set<pid_t> told;
  tell_of_lacking_roles(shown.looks(), told);
  print(shown.looks(), options.json, false);
  return done;
}

/* That there is nothing more to show is no part of what --json prints. */
int tell_the_end(const ShowOptions &options, const Shown &shown) {
  if (int status = tell_failures(shown))
    return status;
  fmt::print(options.json ? stderr : stdout, "{}\n", shown.last_ended());
  return done;
}

int watch_as_text(const ShowOptions &options, Shown &shown, steady_clock::duration time) {
  std::set<pid_t> told;
  auto next = steady_clock::now();
  for (bool first = true;; first = false) {
    if (options.machine.all)
      shown.add_new();
    shown.look();
    if (shown.looks().empty())
      return tell_the_end(options, shown);
    tell_of_lacking_roles(shown.looks(), told);
    if (!first && !options.json)
      fmt::print("\n");
    print(shown.looks(), options.json, true);
    if (std::fflush(stdout) != 0)
      return trouble; /* main() says why */
    next = std::max(next + time, steady_clock::now());
    wait_for_next(shown, next);
  }
}

void draw(WatchScreen &screen, const std::vector<MachineLook> &looks) {
  std::vector<ThreadTable> tables;
  std::string foot = "q leaves";
  for (const MachineLook &look : looks) {
    tables.push_back(thread_table(look, {screen.width(), screen.bars()}));
    if (look.lacks_roles())
      foot = "q leaves; ? is told by --qmp SOCKET, or QEMU's -name debug-threads=on";
  }
  screen.draw(screenful(tables, foot, screen.width(), screen.height()));
}

/* Until the user leaves (true) or nothing is left to show. */
bool watch_on(WatchScreen &screen, const ShowOptions &options, Shown &shown,
              steady_clock::duration time) {
  auto next = steady_clock::now();
  for (;;) {
    if (options.machine.all)
      shown.add_new();
    shown.look();
    if (shown.looks().empty())
      return false;
    next = std::max(next + time, steady_clock::now());
    auto event = WatchScreen::resized;
    while (event == WatchScreen::resized) {
      draw(screen, shown.looks());
      event = screen.wait(next, shown.descriptors());
    }
    if (event == WatchScreen::leave)
      return true;
  }
}

int watch(const ShowOptions &options, Shown &shown, steady_clock::duration time) {
  auto screen = options.json ? nullptr : WatchScreen::open();
  if (!screen)
    return watch_as_text(options, shown, time);
  const bool left = watch_on(*screen, options, shown, time);
  const int signal = screen->signal();
  screen.reset();
  if (signal)
    std::raise(signal);
  return left ? tell_failures(shown) : tell_the_end(options, shown);
}

int show(const ShowOptions &options) {
  steady_clock::duration time{};
  const std::string &seconds = options.watch.empty() ? options.time : options.watch;
  if (!seconds.empty()) {
    auto read = read_seconds(options.watch.empty() ? "--for" : "--watch", seconds);
    if (!read)
      return report(read.error().message);
    time = *read;
  }
  const Host host;
  auto machines = open_machines(host, options.machine);
  if (!machines)
    return report(machines.error().message);
  if (machines->empty()) {
    if (options.json)
      print({}, true, !options.watch.empty());
    else
      fmt::print("no QEMU runs here\n");
    return done;
  }
  Shown shown(host, std::move(*machines));
  return options.watch.empty() ? show_once(options, shown, time) : watch(options, shown, time);
}

} // namespace

void add_show(Program &program, int &status) {
  auto options = std::make_shared<ShowOptions>();
  const Command show_command =
      program.add_subcommand("show", "Show a machine's threads and where they run");
  show_command.footer("CPU, WAIT, MIGR and INVOL are since each thread began, or with --for and\n"
                      "--watch since the look before. Exit status: 0 done, 2 trouble.");
  add_machine_options(show_command, options->machine, true, true);
  show_command.add_option("--for", options->time, "Count over so many seconds")
      .type_name("SECONDS")
      .group("Output");
  /* A flag, for an option would take a PID behind it for its value; that of a flag is
   * after '=' only, and "true" without one. */
  show_command.add_flag("--watch", options->watch, "Again each second, or =SECONDS")
      .group("Output")
      .excludes("--for");
  show_command.add_flag("--json", options->json, "As JSON").group("Output");
  show_command.callback([options, &status] {
    if (options->watch == "true")
      options->watch = "1";
    status = show(*options);
  });
}

} // namespace qemu_pin
