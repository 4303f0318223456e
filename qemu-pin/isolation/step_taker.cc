/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/step_taker.h"

#include "base/words.h"
#include "host/settings.h"

#include "host/control_group.h"
#include "host/unit_bus.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <iterator>
#include <unistd.h>

namespace qemu_pin {

namespace {

/* "0-7", "(inherited)" */
std::string shown(const std::string &value) {
  return value.empty() ? "(inherited)" : value;
}

Outcome outcome_of(Outcome::Kind kind) {
  Outcome outcome;
  outcome.kind = kind;
  return outcome;
}

} // namespace

std::string change_text(const Setting &setting, const std::string &before, const std::string &now) {
  return fmt::format("{}: {} -> {}", setting_text(setting), shown(before), shown(now));
}

Result<> StepTaker::enter(const std::vector<Operation> &operations) {
  for (const Operation &operation : operations) {
    if (const auto *set = std::get_if<SetOperation>(&operation)) {
      if (auto result = enter_setting(*set); !result)
        return result.error();
    } else if (const auto *group = std::get_if<GroupOperation>(&operation)) {
      enter_group(*group);
    } else if (const auto *move = std::get_if<MoveOperation>(&operation)) {
      journal_.content().changes.push_back(
          {step_, MoveChange{move->process, move->from, move->to, id_}});
    } else if (const auto *removal = std::get_if<RemoveGroupOperation>(&operation)) {
      journal_.content().changes.push_back(
          {step_, RemovalChange{removal->folder, removal->values, id_}});
    }
  }
  return journal_.save();
}

Result<Outcome> StepTaker::carry_out(const Operation &operation) {
  return std::visit([&](const auto &one) { return take(one); }, operation);
}

Result<> StepTaker::enter_setting(const SetOperation &set) {
  auto &changes = journal_.content().changes;
  SettingChange *change = journal_.content().find_setting(set.setting);
  if (!change) {
    Result<std::optional<std::string>> before = set.before;
    if (!set.before)
      before = read_setting(host_, set.setting);
    if (!before)
      return before.error();
    if (!*before)
      return {}; /* gone; it will be seen again when it is to be written */
    changes.push_back(
        {step_, SettingChange{set.setting, set.format, set.means, **before, **before, {}}});
    change = &std::get<SettingChange>(changes.back().what);
  }
  const Claim claim{id_, set.want, set.operand};
  /* The last of equal ones counts. */
  std::erase(change->claims, claim);
  change->claims.push_back(claim);
  /* Before it is so: whoever finds the one or the other knows both. */
  auto wanted = wanted_value(*change, online_);
  if (!wanted)
    return wanted.error();
  change->now = *wanted;
  return {};
}

void StepTaker::enter_group(const GroupOperation &group) {
  auto &changes = journal_.content().changes;
  if (GroupChange *change = journal_.content().find_group(group.folder))
    change->by.push_back(id_);
  else if (!control_group_exists(host_, group.folder))
    changes.push_back({step_, GroupChange{group.folder, group.home, group.members, {id_}}});
}

Result<Outcome> StepTaker::take(const SetOperation &set) {
  SettingChange *change = journal_.content().find_setting(set.setting);
  if (!change)
    return outcome_of(Outcome::Kind::gone);
  auto wanted = wanted_value(*change, online_);
  if (!wanted)
    return wanted.error();
  if (std::holds_alternative<IrqbalanceSetting>(set.setting)) {
    const auto written = write_setting(host_, set.setting, *wanted);
    if (!written && !has_gone(written.error()))
      return refused(set, written.error(), {}, *change);
    return outcome_of(written ? Outcome::Kind::done : Outcome::Kind::gone);
  }
  auto current = read_setting(host_, set.setting);
  if (!current)
    return current.error();
  if (!*current)
    return outcome_of(Outcome::Kind::gone);
  Outcome outcome;
  outcome.before = stripped(**current);
  outcome.now = stripped(*wanted);
  if (same_value(**current, *wanted)) {
    outcome.kind = Outcome::Kind::already;
    return outcome;
  }
  if (auto result = write_setting(host_, set.setting, *wanted); !result)
    return refused(set, result.error(), std::move(outcome), *change);
  if (set.verified) {
    auto found = read_setting(host_, set.setting);
    if (found && *found && !same_value(**found, *wanted)) {
      (void)write_setting(host_, set.setting, **current); /* what it had, so it may have it */
      outcome.refusal.message = stripped(**found);
      return withdrawn(std::move(outcome), *change);
    }
  }
  writes_.push_back(change_text(set.setting, outcome.before, outcome.now));
  return outcome;
}

Result<Outcome> StepTaker::refused(const SetOperation &set, const Error &refusal, Outcome outcome,
                                   SettingChange &change) {
  if (has_gone(refusal))
    return outcome_of(Outcome::Kind::gone);
  if (std::find(set.tolerated.begin(), set.tolerated.end(), refusal.number) == set.tolerated.end())
    return Error{refusal.message};
  outcome.refusal = refusal;
  return withdrawn(std::move(outcome), change);
}

Outcome StepTaker::withdrawn(Outcome outcome, SettingChange &change) {
  outcome.kind = Outcome::Kind::refused;
  outcome.now = outcome.before;
  /* Not what an earlier step has got. */
  const auto last = std::find_if(change.claims.rbegin(), change.claims.rend(),
                                 [&](const Claim &claim) { return claim.by == id_; });
  if (last != change.claims.rend())
    change.claims.erase(std::next(last).base());
  change.now = outcome.before;
  return outcome;
}

Result<Outcome> StepTaker::take(const GroupOperation &group) {
  auto made = make_control_group(host_, group.folder);
  if (!made)
    return made.error();
  if (*made)
    writes_.push_back(group.folder + ": made");
  return outcome_of(*made ? Outcome::Kind::done : Outcome::Kind::already);
}

Result<Outcome> StepTaker::take(const MoveAllOperation &move) {
  auto moved = move_members(host_, move.from, move.to, move.kernels_too);
  if (!moved)
    return moved.error();
  Outcome outcome;
  outcome.moved = moved->moved;
  outcome.unmoved = std::move(moved->unmoved);
  if (outcome.moved)
    writes_.push_back(fmt::format("{}: {} from {}", move.to, outcome.moved, move.from));
  return outcome;
}

Result<Outcome> StepTaker::take(const MoveOperation &move) {
  if (!move.scope.empty()) {
    if (auto result = start_scope(move.scope, move.process.id); !result)
      return result.error();
  } else if (auto result = host_.write_file(move.to, std::to_string(move.process.id) + "\n");
             !result) {
    if (move.may_stay && has_gone(result.error()))
      return outcome_of(Outcome::Kind::gone);
    if (move.may_stay && result.error().number == EINVAL) {
      Outcome outcome = outcome_of(Outcome::Kind::refused);
      outcome.refusal = result.error();
      return outcome;
    }
    return Error{has_gone(result.error()) ? fmt::format("process {} has ended", move.process.id)
                                          : result.error().message};
  }
  writes_.push_back(fmt::format("{}: {} from {}", move.to, move.process.id, move.from));
  return Outcome{};
}

Result<Outcome> StepTaker::take(const RemoveGroupOperation &removal) {
  if (rmdir(host_.path(removal.folder).c_str()) != 0) {
    if (errno == ENOENT)
      return outcome_of(Outcome::Kind::gone);
    return system_error(host_.path(removal.folder), errno);
  }
  writes_.push_back(removal.folder + ": removed");
  return Outcome{};
}

Result<Outcome> StepTaker::take(const ActOperation &act) {
  if (auto result = host_.write_file(act.file, act.value); !result)
    return Error{result.error().message};
  writes_.push_back(fmt::format("{}: {}", act.file, stripped(act.value)));
  return Outcome{};
}

} // namespace qemu_pin
