/*
 * How well CPUs are isolated: who else was seen on them while we looked.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_ISOLATION_STATUS_H
#define QEMU_PIN_ISOLATION_STATUS_H

#include "isolation/journal.h"
#include "observe/strangers.h"

#include <chrono>
#include <vector>

namespace qemu_pin {

struct IsolationStatus {
  Isolation isolation;
  std::vector<pid_t> guests;         /* processes that belong there */
  std::vector<Stranger> strangers;   /* threads that could be elsewhere */
  std::vector<Stranger> bound;       /* those of the kernel's that could not */
  std::vector<Interrupt> interrupts; /* that fired there */
  std::chrono::nanoseconds time;     /* from the first look to the last */
};

/* Looks several times a second for that long, or until a signal is waiting. The guests of an
 * isolation are the processes in its group, and QEMUs that may run on its CPUs. */
std::vector<IsolationStatus> watch_isolations(const Host &host,
                                              const std::vector<Isolation> &isolations,
                                              std::chrono::milliseconds time);

} // namespace qemu_pin

#endif
