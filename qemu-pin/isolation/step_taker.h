/*
 * Carries out a step's operations: first all of them in the journal, then on the host.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_STEP_TAKER_H
#define QEMU_PIN_STEP_TAKER_H

#include "isolation/journal.h"
#include "isolation/steps/step.h"

#include <string>
#include <vector>

namespace qemu_pin {

class StepTaker {
public:
  /* id: the isolation's, which is in the journal. */
  StepTaker(const Host &host, Journal &journal, std::string step, IsolationId id)
      : host_(host), journal_(journal), step_(std::move(step)), id_(std::move(id)) {}

  /* Enters what is there now, and that we want something else, and saves the journal. */
  Result<> enter(const std::vector<Operation> &operations);

  /* Fails on what is refused and not tolerated. */
  Result<Outcome> carry_out(const Operation &operation);

  /* "/proc/irq/24/smp_affinity_list: 0-7 -> 0-1" */
  const std::vector<std::string> &writes() const { return writes_; }

private:
  Result<> enter_setting(const SetOperation &set);
  void enter_group(const GroupOperation &group);
  Result<Outcome> take(const SetOperation &set);
  Result<Outcome> take(const GroupOperation &group);
  Result<Outcome> take(const MoveAllOperation &move);
  Result<Outcome> take(const MoveOperation &move);
  Result<Outcome> take(const RemoveGroupOperation &removal);
  Result<Outcome> take(const ActOperation &act);
  Result<Outcome> refused(const SetOperation &set, const Error &refusal, Outcome outcome,
                          SettingChange &change);
  Outcome withdrawn(Outcome outcome, SettingChange &change);

  const Host &host_;
  Journal &journal_;
  std::string step_;
  IsolationId id_;
  CpuSet online_ = host_.online();
  std::vector<std::string> writes_;
};

/* How a setting's change is shown: "NAME: BEFORE -> NOW", of values without newlines. */
std::string change_text(const Setting &setting, const std::string &before, const std::string &now);

} // namespace qemu_pin

#endif
