/*
 * What the files of the glue share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VCPU_PINNING_INTERNAL_H
#define VCPU_PINNING_INTERNAL_H

#include "qemu/thread-birth.h"
#include "sysemu/event-loop-base.h"
#include "vcpupin.h"

/* Turns a message of the library, which this frees, into an Error. */
void pinning_set_error(Error **errp, char *message);

/* From now on each new iothread gets what pinning_iothread_pin() says. */
void pinning_watch_iothreads(void);

/* To be called by that iothread first of all. Ends QEMU when the kernel refuses. */
void pinning_start_iothread(const char *id);

/* The pins asked for, borrowed; NULL: none. */
const vcpupin_pin *pinning_vcpu_pin(CPUState *cpu);
const vcpupin_pin *pinning_iothread_pin(const char *id);

/* A vCPU or an iothread is there now: what it was born of is not needed any more. */
void pinning_thread_has_come(void);

/* Whether a thread may get @pin now, and not later. */
bool pinning_is_hard_to_repeat(const vcpupin_pin *pin);

/* Under a sandbox that denies it no thread can change its pin or another's. */
bool pinning_is_sealed(void);

/* Whether @object is an iothread of the user's; QEMU has some of its own, which
 * are the emulator's. */
bool pinning_is_iothread(Object *object);

/* A sleeping thread with @pin (borrowed for good), of which threads that need it
 * are born. Ends QEMU when the kernel refuses. */
void pinning_make_nursery(const vcpupin_pin *pin);
/* The one with that pin; NULL: there is none, or @pin is NULL. */
ThreadNursery *pinning_nursery(const vcpupin_pin *pin);
void pinning_end_nurseries(bool (*is_needed)(const vcpupin_pin *pin));

/* Makes the nursery of what pinned threads make, in the main thread; nothing
 * happens if it is there. */
void pinning_ensure_home(void);
/* NULL before that. */
ThreadNursery *pinning_home(void);

/* Whether a thread made now would get @pin. */
bool pinning_try(const vcpupin_pin *pin, Error **errp);

/* Stowaways: moved for a while after each start of the guest, from the first
 * call on. */
void pinning_watch_stowaways(void);

/* The tree /machine/pinning. */
void pinning_tree_create(MachineState *machine);
void pinning_tree_add_iothread(Object *iothread, bool pinned);
void pinning_tree_remove_iothread(Object *iothread);
/* Ids of the threads that the emulator's pin is not for: int, to be freed. */
GArray *pinning_tree_pinned_threads(void);

#endif
