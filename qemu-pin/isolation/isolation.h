/*
 * Takes CPUs from the rest of the host, step by step, and gives them back.
 *
 * Each step's changes go to the journal before the first of them is made. Whatever fails,
 * or interrupts, what was done is undone; and whoever is killed leaves a journal from
 * which the next one can undo it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_ISOLATION_H
#define QEMU_PIN_ISOLATION_H

#include "isolation/isolation_undoer.h"
#include "isolation/journal.h"
#include "isolation/steps/step.h"

#include <functional>
#include <string>
#include <vector>

namespace qemu_pin {

/* What one step did, for the user. */
struct StepReport {
  std::string step;
  StepLines lines;
  std::vector<std::string> writes; /* "/proc/irq/24/smp_affinity_list: 0-7 -> 0-1" */
};

/* A step's plan with nothing done, told as if it had been. */
Result<StepReport> rehearse(const Host &host, const Step &step, const IsolationRequest &request,
                            const JournalContent &journal);

/* Adds an isolation to the journal, in whose place nobody may isolate the same CPUs; the
 * first step saves it with its own changes. Fails if somebody has, naming him. First undoes
 * what was interrupted: told says that. */
Result<> begin_isolation(const Host &host, Journal &journal, const IsolationRequest &request,
                         std::vector<std::string> &told);

/* Takes one step of it. On failure all of the isolation has been undone; the message names
 * the step and, if it could not be undone whole, what is left. */
Result<StepReport> take_step(const Host &host, Journal &journal, const Step &step,
                             const IsolationRequest &request);

/* It is whole. */
Result<> end_isolation(Journal &journal, const IsolationId &id);

/* All of that, with the host's journal: what was told of interrupted isolations. tell gets
 * each step's report as it has been taken. */
Result<std::vector<std::string>> isolate(const Host &host, const IsolationRequest &request,
                                         const std::vector<Step> &steps,
                                         const std::function<void(const StepReport &)> &tell);

/* Undoes an isolation, in reverse; force: also what somebody else changed since. Fails
 * when the journal cannot be written. */
Result<UndoReport> undo_isolation(const Host &host, Journal &journal, const IsolationId &id,
                                  bool force);

/* Undoes what is left of isolations that were interrupted; a line for each. */
Result<std::vector<std::string>> undo_interrupted(const Host &host, Journal &journal);

} // namespace qemu_pin

#endif
