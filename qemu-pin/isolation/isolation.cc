/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/isolation.h"

#include "base/words.h"
#include "host/settings.h"

#include "host/control_group.h"
#include "isolation/step_taker.h"
#include "isolation/steps/cpuset.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

namespace qemu_pin {

namespace {

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[sizeof "2026-11-21T20:15:00Z"] = "";
  std::strftime(text, sizeof text, "%FT%TZ", &parts);
  return text;
}

/* Signals that ask us to end, held back meanwhile, wait. */
bool is_interrupted() {
  sigset_t waiting;
  sigpending(&waiting);
  return sigismember(&waiting, SIGINT) || sigismember(&waiting, SIGTERM) ||
         sigismember(&waiting, SIGHUP);
}

/* What is told of a failure: the step, and what could not be undone. */
Error undone_error(const Host &host, Journal &journal, const std::string &step,
                   const IsolationId &id, const std::string &message) {
  std::string text = step + ": " + message;
  auto undone = undo_isolation(host, journal, id, /*force=*/false);
  if (!undone)
    return Error{text + "; what was done is not undone: " + undone.error().message};
  if (!undone->failed.empty())
    return Error{fmt::format("{}; not undone, try qemu-pin restore: {}", text,
                             fmt::join(undone->failed, "; "))};
  return Error{text + "; everything is as it was before"};
}

} // namespace

Result<StepReport> rehearse(const Host &host, const Step &step, const IsolationRequest &request,
                            const JournalContent &journal) {
  auto plan = step.plan(host, request, journal);
  if (!plan)
    return Error{std::string(step.name) + ": " + plan.error().message};
  StepReport report{step.name, {}, {}};
  std::vector<Outcome> outcomes;
  JournalContent copy = journal;
  for (const Operation &operation : plan->operations) {
    Outcome outcome;
    if (const auto *set = std::get_if<SetOperation>(&operation)) {
      const SettingChange *known = copy.find_setting(set->setting);
      auto before = set->before ? Result<std::optional<std::string>>(set->before)
                                : read_setting(host, set->setting);
      if (before && *before) {
        SettingChange change{set->setting, set->format,
                             set->means,   known ? known->before : **before,
                             **before,     known ? known->claims : std::vector<Claim>()};
        change.claims.push_back({request.id(), set->want, set->operand});
        auto wanted = wanted_value(change, host.online());
        if (!wanted)
          return Error{std::string(step.name) + ": " + wanted.error().message};
        outcome.before = stripped(**before);
        outcome.now = stripped(*wanted);
        if (outcome.before == outcome.now)
          outcome.kind = Outcome::Kind::already;
        else
          report.writes.push_back(change_text(set->setting, outcome.before, outcome.now));
      }
    } else if (const auto *group = std::get_if<GroupOperation>(&operation)) {
      report.writes.push_back(group->folder + ": made");
    } else if (const auto *act = std::get_if<ActOperation>(&operation)) {
      report.writes.push_back(fmt::format("{}: {}", act->file, stripped(act->value)));
    } else if (const auto *removal = std::get_if<RemoveGroupOperation>(&operation)) {
      report.writes.push_back(removal->folder + ": removed");
    } else if (const auto *move = std::get_if<MoveOperation>(&operation)) {
      report.writes.push_back(
          fmt::format("{}: {} from {}", move->to, move->process.id, move->from));
    } else if (const auto *all = std::get_if<MoveAllOperation>(&operation)) {
      const Members members = movable_members(host, all->from, all->kernels_too);
      outcome.moved = members.moved;
      outcome.unmoved = members.unmoved;
      report.writes.push_back(fmt::format("{}: {} from {}", all->to, outcome.moved, all->from));
    }
    outcomes.push_back(std::move(outcome));
  }
  report.lines = plan->tell(outcomes);
  return report;
}

Result<std::vector<std::string>> undo_interrupted(const Host &host, Journal &journal) {
  std::vector<std::string> told;
  for (;;) {
    const auto &isolations = journal.content().isolations;
    const auto found =
        std::find_if(isolations.begin(), isolations.end(), [](const Isolation &isolation) {
          return isolation.state != Isolation::State::isolated;
        });
    if (found == isolations.end())
      return told;
    /* Whom it was of goes with it. */
    const IsolationId id = found->id;
    const std::string holder = holder_text(*found);
    auto undone = undo_isolation(host, journal, id, /*force=*/false);
    if (!undone)
      return undone.error();
    if (!undone->failed.empty())
      return Error{fmt::format("{}: what {} left, which was interrupted, cannot be undone: {}",
                               cpus_text(id.list()), holder, fmt::join(undone->failed, "; "))};
    told.push_back(fmt::format("{}: undone what was left by {}, which was interrupted",
                               cpus_text(id.list()), holder));
    for (const std::string &left : undone->left)
      told.push_back("left alone: " + left);
  }
}

Result<> begin_isolation(const Host &host, Journal &journal, const IsolationRequest &request,
                         std::vector<std::string> &told) {
  auto undone = undo_interrupted(host, journal);
  if (!undone)
    return undone.error();
  told = std::move(*undone);
  for (const Isolation &other : journal.content().isolations) {
    const CpuSet shared = without(request.cpus, without(request.cpus, other.id.cpus()));
    if (!shared.empty())
      return Error{fmt::format("host {} isolated already, by {}", cpus_are(cpu_list(shared)),
                               holder_text(other))};
  }
  journal.content().isolations.push_back({request.id(), Isolation::State::isolating, getpid(),
                                          request.command, utc_now(), guest_group(host, request),
                                          request.steps});
  return {};
}

Result<StepReport> take_step(const Host &host, Journal &journal, const Step &step,
                             const IsolationRequest &request) {
  const IsolationId id = request.id();
  const auto fail = [&](const std::string &message) {
    return undone_error(host, journal, step.name, id, message);
  };
  auto plan = step.plan(host, request, journal.content());
  if (!plan)
    return fail(plan.error().message);
  StepTaker taker(host, journal, step.name, id);
  if (auto result = taker.enter(plan->operations); !result)
    return fail(result.error().message);
  std::vector<Outcome> outcomes;
  for (const Operation &operation : plan->operations) {
    if (is_interrupted())
      return fail("interrupted");
    auto outcome = taker.carry_out(operation);
    if (!outcome)
      return fail(outcome.error().message);
    outcomes.push_back(std::move(*outcome));
  }
  return StepReport{step.name, plan->tell(outcomes), taker.writes()};
}

Result<> end_isolation(Journal &journal, const IsolationId &id) {
  if (Isolation *isolation = journal.content().find(id))
    isolation->state = Isolation::State::isolated;
  return journal.save();
}

Result<std::vector<std::string>> isolate(const Host &host, const IsolationRequest &request,
                                         const std::vector<Step> &steps,
                                         const std::function<void(const StepReport &)> &tell) {
  auto journal = Journal::open(host);
  if (!journal)
    return journal.error();
  std::vector<std::string> told;
  if (auto result = begin_isolation(host, *journal, request, told); !result)
    return result.error();
  for (const Step &step : steps) {
    auto report = take_step(host, *journal, step, request);
    if (!report)
      return report.error();
    tell(*report);
  }
  if (auto result = end_isolation(*journal, request.id()); !result)
    return undone_error(host, *journal, "journal", request.id(), result.error().message);
  return told;
}

Result<UndoReport> undo_isolation(const Host &host, Journal &journal, const IsolationId &id,
                                  bool force) {
  Isolation *isolation = journal.content().find(id);
  if (!isolation)
    return UndoReport{};
  isolation->state = Isolation::State::restoring;
  if (auto result = journal.save(); !result)
    return result.error();
  UndoReport report = undo_changes(host, journal, id, force);
  if (report.failed.empty())
    std::erase_if(journal.content().isolations, [&](const Isolation &one) { return one.id == id; });
  if (auto result = journal.save(); !result)
    return result.error();
  return report;
}

} // namespace qemu_pin
