/*
 * The step governor: what chooses the CPUs' frequency, and what the processor itself is to
 * prefer, performance or energy.
 *
 * The preference comes first, and so is given back last: with the governor "performance"
 * drivers that leave the choice to the processor (intel_pstate, amd-pstate) refuse any
 * preference but "performance". Source: admin-guide/pm/intel_pstate in Linux's
 * documentation. With another governor it is left as it is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_STEPS_GOVERNOR_H
#define QEMU_PIN_STEPS_GOVERNOR_H

#include "isolation/steps/step.h"

namespace qemu_pin {

/* Fails when a CPU has not got the governor that is asked for, naming those that it has. */
Result<StepPlan> plan_governor(const Host &host, const IsolationRequest &request,
                               const JournalContent &journal);

} // namespace qemu_pin

#endif
