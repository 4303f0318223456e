/*
 * Stray threads: those that inherited the pin of a pinned thread.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef PINNING_STRAYS_H
#define PINNING_STRAYS_H

/* From now on stray threads are moved for a while after each start of the guest.
 * Main thread, with the tree and the emulator's context there. */
void pinning_watch_strays(void);

#endif
