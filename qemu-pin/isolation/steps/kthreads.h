/*
 * The step kthreads: threads of the kernel's that may run anywhere, and those that work off
 * its unbound workqueues, leave the CPUs.
 *
 * Those that the kernel has bound stay. What it starts later may run on the CPUs again: it
 * gives each new thread all CPUs but those of nohz_full, a boot option.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_STEPS_KTHREADS_H
#define QEMU_PIN_STEPS_KTHREADS_H

#include "isolation/steps/step.h"

namespace qemu_pin {

/* Of a captured host only the workqueues. Fails when a mask cannot be read. */
Result<StepPlan> plan_kthreads(const Host &host, const IsolationRequest &request,
                               const JournalContent &journal);

} // namespace qemu_pin

#endif
