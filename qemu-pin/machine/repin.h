/*
 * Pins changed on a running machine, all or none.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_REPIN_H
#define QEMU_PIN_REPIN_H

#include "kernel/thread_pin.h"
#include "machine/machine.h"
#include "pins/asked_pins.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace qemu_pin {

struct PinChange {
  ThreadId thread;
  std::string role; /* as MachineThread::role_text() */
  ThreadPin former, asked;
};

/*
 * What would change, thread by thread; those that have what is asked are not there.
 * What is asked of the emulator is for all threads but vCPUs, thread contexts, and iothreads that
 * are named or whose CPUs are not the main thread's: they have pins of their own. Fails when
 * something is asked of a thread that the machine has not, when roles are not known, and when the
 * machine has ended.
 */
Result<std::vector<PinChange>> changes_for(Machine &machine, const AskedPins &asked);

/*
 * Makes them, also of threads that appear meanwhile; a thread that ends meanwhile is
 * no error. On a patched QEMU whose monitor is there, CPUs are changed by QEMU itself
 * (/machine/pinning), so that it knows; else, and policies, by us. On failure what was
 * changed is put back, and the message says so. Returns what was changed.
 */
Result<std::vector<PinChange>> repin(Machine &machine, const AskedPins &asked);

} // namespace qemu_pin

#endif
