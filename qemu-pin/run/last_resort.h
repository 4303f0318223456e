/*
 * Ends for good a child that does not heed the signal it gets when we have ended: a QEMU
 * that is told to end while somebody uses its monitor may wait for itself for ever (7.2 does).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_LAST_RESORT_H
#define QEMU_PIN_LAST_RESORT_H

#include "run/child_process.h"

namespace qemu_pin {

/* A process that waits for our end, and sends SIGKILL to a child that is still there 10 s
 * later. To be dropped when the child is to be left alone, or has ended. */
Result<ChildProcess> start_last_resort(const ChildProcess &child);

} // namespace qemu_pin

#endif
