/*
 * The step irq: interrupts leave the CPUs, and new ones do not begin there; those that are
 * asked for go to them. irqbalance, if it runs, is told first, or it would undo that.
 *
 * Interrupts that the kernel places itself (those of a device with a queue a CPU) stay:
 * only isolcpus=managed_irq, a boot option, moves them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_STEPS_IRQ_H
#define QEMU_PIN_STEPS_IRQ_H

#include "isolation/steps/step.h"

namespace qemu_pin {

/* Fails when an interrupt's CPUs cannot be read; when interrupts are asked for by name, also
 * when /proc/interrupts cannot be. */
Result<StepPlan> plan_irq(const Host &host, const IsolationRequest &request,
                          const JournalContent &journal);

} // namespace qemu_pin

#endif
