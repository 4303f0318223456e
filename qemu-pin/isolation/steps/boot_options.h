/*
 * The step boot: says what only the kernel's command line can do for the CPUs, whether it is
 * in force, and what to add. It changes nothing.
 *
 * isolcpus=domain: the scheduler balances no load there. isolcpus=managed_irq: interrupts
 * that the kernel places itself keep off. nohz_full: no timer tick while one thread runs.
 * rcu_nocbs: no callbacks of the kernel's RCU; nohz_full includes it. Source:
 * admin-guide/kernel-parameters in Linux's documentation.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_STEPS_BOOT_OPTIONS_H
#define QEMU_PIN_STEPS_BOOT_OPTIONS_H

#include "isolation/steps/step.h"

namespace qemu_pin {

/* Does not fail: what cannot be read is not in force. */
Result<StepPlan> plan_boot(const Host &host, const IsolationRequest &request,
                           const JournalContent &journal);

} // namespace qemu_pin

#endif
