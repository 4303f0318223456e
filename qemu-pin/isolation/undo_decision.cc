/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/undo_decision.h"

#include "base/words.h"

#include <fmt/format.h>
#include <vector>

namespace qemu_pin {

namespace {

using Kind = UndoDecision::Kind;

/* Has somebody else changed it since? If so, what is to be said and done. */
std::optional<UndoDecision> if_somebody_elses(const SettingChange &change,
                                              const FoundSetting &found) {
  const std::string &now = found.mask ? found.mask->list : *found.value;
  if (same_value(now, change.now) || (found.mask && found.mask->was_reset))
    return std::nullopt;
  if (found.is_balanced)
    return UndoDecision{Kind::balanced};
  UndoDecision leave{Kind::leave};
  leave.line = fmt::format("{}: changed by somebody else since, to '{}'; it was '{}'",
                           setting_text(change.setting), stripped(now), stripped(change.before));
  if (found.mask && !same_value(now, *found.value))
    leave.put_back = now;
  return leave;
}

} // namespace

SettingChange without_claims(const SettingChange &change, const IsolationId &id) {
  SettingChange rest = change;
  std::erase_if(rest.claims, [&](const Claim &claim) { return claim.by == id; });
  return rest;
}

Result<UndoDecision> decide_undo(const SettingChange &change, const FoundSetting &found,
                                 const EndingIsolation &isolation) {
  auto wanted = wanted_value(without_claims(change, isolation.id), isolation.online);
  if (!wanted)
    return wanted.error();
  const bool is_so = !found.value || (same_value(*found.value, *wanted) &&
                                      !std::holds_alternative<IrqbalanceSetting>(change.setting));
  if (!is_so && !isolation.force)
    if (auto decision = if_somebody_elses(change, found))
      return *decision;
  return UndoDecision{is_so ? Kind::is_so : Kind::write, *wanted};
}

} // namespace qemu_pin
