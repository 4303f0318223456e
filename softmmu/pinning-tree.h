/*
 * /machine/pinning: the machine's threads as QEMU's objects.
 *
 * Functions are for the main thread with the big lock held.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef PINNING_TREE_H
#define PINNING_TREE_H

#include "qom/object.h"
#include "vcpupin.h"

typedef enum PinnedRole {
    ROLE_EMULATOR,
    ROLE_VCPU,
    ROLE_IOTHREAD,
} PinnedRole;

typedef struct PinnedThread {
    Object parent;

    PinnedRole role;
    Object *owner; /* vCPU or iothread, borrowed; NULL for the emulator */
    uint64_t id;   /* the kernel's; the main thread's for the emulator */
    bool pinned;   /* the emulator's pin is not for it */

    /* What a user asked for, last: by an option, or over the tree. */
    vcpupin_cpus *asked;              /* NULL: nothing */
    const vcpupin_sched *asked_sched; /* borrowed; NULL: no option names a policy */
    QemuOpts *option;                 /* borrowed; NULL: asked over the tree */
    bool warned;                      /* that it has something else */
} PinnedThread;

/* Makes the tree, with the emulator. vCPUs are added and removed as they come and
 * go. */
void pinning_tree_create(MachineState *machine);

/* Iothreads are added and removed by these; both do nothing before there is a
 * tree. */
void pinning_tree_add_iothread(Object *iothread);
void pinning_tree_remove_iothread(Object *iothread);

/* Its threads, borrowed, in an array to be freed: the emulator, vCPUs by their number,
 * iothreads by their ID. */
GPtrArray *pinning_tree_threads(void);

/* Ids of the threads that the emulator's pin is not for: int, to be freed. */
GArray *pinning_tree_pinned_threads(void);

#endif
