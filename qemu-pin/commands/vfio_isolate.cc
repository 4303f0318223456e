/*
 * qemu-pin vfio-isolate: what vfio-isolate 0.5 does, from its own command line.
 *
 * Its undo file is a journal of ours, in which each change is before it is made. Without
 * one there still is a journal, which goes when all is done: so what fails, or is killed,
 * is undone, then or by the next one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/held_signals.h"
#include "base/printable.h"
#include "commands/subcommand.h"
#include "isolation/isolation.h"
#include "vfio/vfio_commands.h"
#include "vfio/vfio_steps.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <span>
#include <unistd.h>

namespace qemu_pin {

namespace {

constexpr const char *passing_journal = "/run/qemu-pin/vfio-isolate.json";
/* Of the isolation. */
const IsolationId no_cpus;
/* Members of a group may fork while they are moved, but not for ever. */
constexpr int most_repeats = 20;

using Commands = std::span<const VfioCommand>;

int fail(const std::string &message) {
  return report("vfio-isolate: " + printable(message));
}

bool is_restore(const VfioCommand &command) {
  return std::holds_alternative<RestoreFile>(command);
}

void tell(const VfioCommandLine &line, const StepReport &report) {
  if (line.verbose || line.debug)
    for (const std::string &text : report.lines)
      fmt::print("{}: {}\n", report.step, printable(text));
  if (line.debug)
    for (const std::string &write : report.writes)
      fmt::print("{}: {}\n", report.step, printable(write));
}

/* What one who was killed left. */
Result<> undo_interrupted_one(const Host &host, Journal &journal) {
  const Isolation *one = journal.content().find(no_cpus);
  if (!one || one->state == Isolation::State::isolated)
    return {};
  const std::string holder = holder_text(*one);
  auto undone = undo_isolation(host, journal, no_cpus, /*force=*/false);
  if (!undone)
    return undone.error();
  if (!undone->failed.empty())
    return Error{fmt::format("what {} left, which was interrupted, cannot be undone: {}", holder,
                             fmt::join(undone->failed, "; "))};
  fail(fmt::format("undone: what {} left, which was interrupted", holder));
  for (const std::string &left : undone->left)
    fail("left alone: " + left);
  return {};
}

std::string file_of(const VfioCommandLine &line) {
  return line.undo_file.empty() ? passing_journal : line.undo_file;
}

/* As vfio-isolate does, replaces what is there; but whoever was interrupted is undone. */
Result<Journal> open_journal(const Host &host, const VfioCommandLine &line) {
  const bool is_kept = !line.undo_file.empty();
  const std::string file = file_of(line);
  auto journal = Journal::open_file(host, file, /*is_new=*/false);
  if (!journal)
    return is_kept ? Journal::open_file(host, file, /*is_new=*/true) : std::move(journal);
  if (auto result = undo_interrupted_one(host, *journal); !result)
    return Error{file + ": " + result.error().message};
  if (!journal->content().isolations.empty())
    fail(fmt::format("{}: replaced; what it told of is not restored, by {}", file,
                     holder_text(journal->content().isolations.front())));
  journal->content() = {};
  return journal;
}

Result<> take_steps(const Host &host, Journal &journal, const VfioCommandLine &line,
                    const VfioCommand &command, const IsolationRequest &request) {
  for (const VfioStep &one : vfio_steps(command))
    for (int times = 0; times < most_repeats; ++times) {
      auto report = take_step(host, journal, one.step, request);
      if (!report)
        return report.error();
      if (times == 0 || !report->writes.empty())
        tell(line, *report);
      if (!one.repeats || report->writes.empty())
        break;
    }
  return {};
}

Result<> change(const Host &host, const VfioCommandLine &line, Commands commands,
                const std::string &called_as) {
  auto journal = open_journal(host, line);
  if (!journal)
    return journal.error();
  IsolationRequest request;
  request.command = called_as;
  for (const VfioCommand &command : commands)
    request.steps.emplace_back(command_name(command));
  std::vector<std::string> told;
  if (auto result = begin_isolation(host, *journal, request, told); !result)
    return result.error();
  for (const VfioCommand &command : commands)
    if (auto result = take_steps(host, *journal, line, command, request); !result) {
      if (!journal->content().isolations.empty())
        result.error().message += fmt::format(" (qemu-pin vfio-isolate restore {})", file_of(line));
      return result.error();
    }
  if (!line.undo_file.empty())
    return end_isolation(*journal, no_cpus);
  journal->content() = {};
  return journal->save();
}

int restore(const Host &host, const std::string &file) {
  auto journal = Journal::open_file(host, file, /*is_new=*/false);
  if (!journal)
    return fail("restore: " + journal.error().message);
  const auto &isolations = journal->content().isolations;
  if (isolations.empty()) {
    fail(fmt::format("restore: {}: there is nothing to restore", file));
    return done;
  }
  if (std::any_of(isolations.begin(), isolations.end(),
                  [](const Isolation &one) { return one.id != no_cpus; }))
    return fail(fmt::format("restore: {}: it is of qemu-pin isolate (try qemu-pin restore)", file));
  auto undone = undo_isolation(host, *journal, no_cpus, /*force=*/false);
  if (!undone)
    return fail("restore: " + undone.error().message);
  for (const std::string &left : undone->left)
    fail("restore: left alone: " + left);
  for (const std::string &failed : undone->failed)
    fail("restore: not restored: " + failed);
  if (!undone->failed.empty())
    return trouble;
  return undone->left.empty() ? done : not_as_planned;
}

/* A journal that others use must not be open meanwhile, so what changes is in one piece. */
Result<> order_fault(const std::vector<VfioCommand> &commands) {
  const auto first = std::find_if_not(commands.begin(), commands.end(), is_restore);
  const auto end = std::find_if(first, commands.end(), is_restore);
  if (std::find_if_not(end, commands.end(), is_restore) == commands.end())
    return {};
  return Error{"restore must be before or after all commands that change something"};
}

int carry_out(const Host &host, const VfioCommandLine &line, const std::string &called_as) {
  for (const VfioCommand &command : line.commands)
    for (const std::string &warning : vfio_warnings(host, command))
      fail(warning);
  int status = done;
  const Commands commands = line.commands;
  for (std::size_t at = 0; at < commands.size();) {
    if (const auto *one = std::get_if<RestoreFile>(&commands[at])) {
      status = std::max(status, restore(host, one->file));
      if (status == trouble)
        return status;
      ++at;
      continue;
    }
    const auto begin = commands.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = std::find_if(begin, commands.end(), is_restore);
    const Commands some(begin, end);
    if (auto result = change(host, line, some, called_as); !result)
      return fail(result.error().message);
    at += some.size();
  }
  return status;
}

int vfio_isolate(const Tail &tail) {
  const Host host;
  auto line = read_vfio_commands(host, tail);
  if (!line)
    return report(printable(line.error().message));
  if (line->asks_help) {
    fmt::print("{}", vfio_help);
    return done;
  }
  if (auto result = order_fault(line->commands); !result)
    return fail(result.error().message);
  if (geteuid() != 0)
    return fail("it changes the host, and must be run by root (sudo)");
  const HeldSignals held;
  return carry_out(host, *line,
                   printable(fmt::format("qemu-pin vfio-isolate {}", fmt::join(tail, " "))));
}

} // namespace

void add_vfio_isolate(Program &program, int &status, const Tail &tail) {
  program.add_subcommand("vfio-isolate", "Take the commands of vfio-isolate 0.5")
      .callback([&status, &tail] { status = vfio_isolate(tail); });
}

} // namespace qemu_pin
