/*
 * /machine/pinning: the machine's threads as QEMU's objects.
 *
 * Functions are for the main thread with the big lock held.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef PINNING_TREE_H
#define PINNING_TREE_H

/* Makes the tree, with the emulator. vCPUs are added and removed as they come and
 * go. */
void pinning_tree_create(MachineState *machine);

/* Iothreads are added and removed by these; both do nothing before there is a
 * tree. */
void pinning_tree_add_iothread(Object *iothread, bool pinned);
void pinning_tree_remove_iothread(Object *iothread);

/* Ids of the threads that the emulator's pin is not for: int, to be freed. */
GArray *pinning_tree_pinned_threads(void);

#endif
