/*
 * The steps timer-migration, watchdog and rt-runtime: settings of the kernel's that have a
 * price for the whole host, and so are changed only when asked for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_STEPS_KERNEL_KNOBS_H
#define QEMU_PIN_STEPS_KERNEL_KNOBS_H

#include "isolation/steps/step.h"

namespace qemu_pin {

/* timer_migration: to 0, so that timers stay where they are started. With 1, an idle CPU's go
 * to one that is awake, to let it sleep: to a guest's, which never sleeps. Where all of the
 * CPUs are nohz_full, 1 does better, and it is left alone: the kernel then sends timers to
 * the other CPUs only, those that were started here too. Price: idle CPUs wake more often. */
Result<StepPlan> plan_timer_migration(const Host &host, const IsolationRequest &request,
                                      const JournalContent &journal);

/* watchdog_cpumask: the lockup detectors' timers and counters leave the CPUs. Price: a kernel
 * that hangs there is not told of. Fails when the mask cannot be read. */
Result<StepPlan> plan_watchdog(const Host &host, const IsolationRequest &request,
                               const JournalContent &journal);

/* sched_rt_runtime_us: to -1, so that vCPUs with a real-time policy are not stopped for 5% of
 * each second. Price: a real-time thread that spins has its CPU to itself for ever. */
Result<StepPlan> plan_rt_runtime(const Host &host, const IsolationRequest &request,
                                 const JournalContent &journal);

} // namespace qemu_pin

#endif
