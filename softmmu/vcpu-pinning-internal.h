/*
 * What the files of the glue share. All of it is for the main thread, with the big
 * lock held, unless it says otherwise.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VCPU_PINNING_INTERNAL_H
#define VCPU_PINNING_INTERNAL_H

#include "qemu/thread-birth.h"
#include "sysemu/event-loop-base.h"
#include "vcpupin.h"

/* vcpu-pinning.c: what was asked for. */

/* Turns a message of the library, which this frees, into an Error. Any thread. */
void pinning_set_error(Error **errp, char *message);

/* The pins asked for, borrowed for good; NULL: none. Any thread. */
const vcpupin_pin *pinning_vcpu_pin(unsigned vcpu);
const vcpupin_pin *pinning_iothread_pin(const char *id);

/* pinning_make_nursery() for a pinned vCPU; an error names its option. */
void pinning_make_vcpu_nursery(unsigned vcpu);

/* Whether an iothread with @pin was asked for that does not exist now. */
bool pinning_is_for_an_absent_iothread(const vcpupin_pin *pin);

/* Whether QEMU may not change any pin: the sandbox denies it. */
bool pinning_is_sealed(void);

/* Whether a thread may get @pin while the machine is made, and perhaps not later. */
bool pinning_is_hard_to_repeat(const vcpupin_pin *pin);

/* To be called by a new iothread of the user's, first of all. Ends QEMU when the
 * kernel refuses. */
void pinning_start_iothread(const char *id);

/* pinning-births.c: threads of which others are born. */

/* A sleeping thread with @pin, born of the calling thread. Ends QEMU when the
 * kernel refuses. Nothing happens if there is one with that pin. Any thread. */
void pinning_make_nursery(const vcpupin_pin *pin);

/* The one with that pin; NULL: there is none, or @pin is NULL. */
ThreadNursery *pinning_nursery(const vcpupin_pin *pin);

void pinning_end_nurseries(bool (*is_needed)(const vcpupin_pin *pin));

/* Makes the nursery of what pinned threads make; nothing happens if it is there. */
void pinning_ensure_home(void);

/* NULL before that. */
ThreadNursery *pinning_home(void);

/* Whether a thread made now would get @pin. */
bool pinning_try(const vcpupin_pin *pin, Error **errp);

/* pinning-iothreads.c */

/* From now on each new iothread gets its pin. */
void pinning_watch_iothreads(void);

/* Whether @object is an iothread of the user's; QEMU has some of its own, which
 * are the emulator's. */
bool pinning_is_iothread(Object *object);

/* pinning-hotplug.c */

/* From now on vCPUs may come and go. */
void pinning_watch_hotplug(MachineState *machine);

/* A vCPU or an iothread is there now: what it was born of is not needed any more. */
void pinning_thread_has_come(void);

/* pinning-stowaways.c */

/* From now on stowaways are moved for a while after each start of the guest. */
void pinning_watch_stowaways(void);

/* pinning-tree.c: /machine/pinning. */

void pinning_tree_create(MachineState *machine);
void pinning_tree_add_iothread(Object *iothread, bool pinned);
void pinning_tree_remove_iothread(Object *iothread);

/* Ids of the threads that the emulator's pin is not for: int, to be freed. */
GArray *pinning_tree_pinned_threads(void);

#endif
