/*
 * Threads that do not have what was asked for them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_DRIFT_H
#define QEMU_PIN_DRIFT_H

#include "machine/machine.h"
#include "pins/asked_pins.h"

#include <optional>
#include <string>
#include <vector>

namespace qemu_pin {

struct Drift {
  std::optional<ThreadId> thread; /* nothing: there is none of that role */
  std::string role;               /* as MachineThread::role_text() */
  std::string asked, found;
  std::string cause; /* the likely one */

  /* "vcpu 1 (thread 4711): asked host CPU 2, found 0-3: CAUSE" */
  std::string text() const;
};

/*
 * By role, empty if all is as asked; a thread that is not there is a drift too. What
 * nobody asked for is not looked at, except that no thread may have the pin of a vCPU
 * but that vCPU. Fails when roles are not known, and when the machine has ended.
 */
Result<std::vector<Drift>> find_drifts(Machine &machine, const AskedPins &asked);

} // namespace qemu_pin

#endif
