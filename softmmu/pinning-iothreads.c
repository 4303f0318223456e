/*
 * Iothreads pin themselves as they start, whoever makes them and whenever.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/boards.h"
#include "sysemu/iothread.h"
#include "vcpu-pinning-internal.h"

static void (*iothread_init)(EventLoopBase *base, Error **errp);
static bool (*iothread_can_be_deleted)(EventLoopBase *base);

bool pinning_is_iothread(Object *object)
{
    return object->parent == object_get_objects_root() &&
           object_dynamic_cast(object, TYPE_IOTHREAD);
}

/* In the new thread. */
static void start_iothread(void *opaque)
{
    pinning_start_iothread(object_get_canonical_path_component(opaque));
}

static void init(EventLoopBase *base, Error **errp)
{
    const char *id = object_get_canonical_path_component(OBJECT(base));
    const vcpupin_pin *pin = NULL;
    ThreadBirth birth = { .first = start_iothread, .opaque = base };
    ERRP_GUARD();

    if (pinning_is_iothread(OBJECT(base))) {
        pin = pinning_iothread_pin(id);
        birth.nursery = pinning_nursery(pin);
        /* Later than that, an error is no reason to end QEMU. */
        if (pin && phase_check(PHASE_MACHINE_READY) && !pinning_try(pin, errp)) {
            error_prepend(errp, "iothread '%s': ", id);
            return;
        }
        if (pin) {
            pinning_ensure_home();
        }
        thread_birth_set_next(&birth);
    }
    iothread_init(base, errp);
    thread_birth_set_next(NULL);
    if (!*errp && pinning_is_iothread(OBJECT(base))) {
        pinning_tree_add_iothread(OBJECT(base), pin != NULL);
        pinning_thread_has_come();
    }
}

typedef struct LastWill {
    const vcpupin_pin *pin;
    QemuSemaphore done;
} LastWill;

static void make_nursery(void *opaque)
{
    LastWill *will = opaque;

    pinning_make_nursery(will->pin);
    qemu_sem_post(&will->done);
}

/* The iothread that goes leaves behind what the next one can be born of. */
static void leave_nursery(IOThread *iothread, const vcpupin_pin *pin)
{
    LastWill will = { .pin = pin };

    qemu_sem_init(&will.done, 0);
    aio_bh_schedule_oneshot(iothread_get_aio_context(iothread), make_nursery,
                            &will);
    qemu_sem_wait(&will.done);
    qemu_sem_destroy(&will.done);
}

static bool can_be_deleted(EventLoopBase *base)
{
    const char *id = object_get_canonical_path_component(OBJECT(base));
    const vcpupin_pin *pin;

    if (iothread_can_be_deleted && !iothread_can_be_deleted(base)) {
        return false;
    }
    pin = pinning_is_iothread(OBJECT(base)) ? pinning_iothread_pin(id) : NULL;
    if (pin && pinning_is_hard_to_repeat(pin)) {
        leave_nursery(IOTHREAD(base), pin);
    }
    pinning_tree_remove_iothread(OBJECT(base));
    return true;
}

void pinning_watch_iothreads(void)
{
    EventLoopBaseClass *class =
        EVENT_LOOP_BASE_CLASS(object_class_by_name(TYPE_IOTHREAD));

    iothread_init = class->init;
    class->init = init;
    iothread_can_be_deleted = class->can_be_deleted;
    class->can_be_deleted = can_be_deleted;
}
