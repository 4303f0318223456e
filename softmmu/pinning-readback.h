/*
 * What was asked of threads, read back from the kernel as the guest starts to run.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef PINNING_READBACK_H
#define PINNING_READBACK_H

/* From now on threads that were moved from outside are put back before the guest
 * runs. Where the kernel refuses, QEMU ends with status 1 before the guest's first
 * instruction, and warns later. Main thread, with the tree there and before
 * anything else waits for the guest to start. */
void pinning_read_back_at_starts(void);

#endif
