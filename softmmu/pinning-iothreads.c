/*
 * Iothreads pin themselves as they start, whether an option or QMP makes them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/boards.h"
#include "sysemu/event-loop-base.h"
#include "sysemu/iothread.h"
#include "pinning-creation.h"
#include "pinning-iothreads.h"
#include "pinning-options.h"
#include "pinning-tree.h"

static void (*iothread_init)(EventLoopBase *base, Error **errp);
static bool (*iothread_can_be_deleted)(EventLoopBase *base);

/* In the new thread. */
static void start_iothread(void *opaque)
{
    const char *id = object_get_canonical_path_component(opaque);

    pinning_start_thread(pinning_iothread_pin(id), pinning_iothread_option(id));
}

static void init(EventLoopBase *base, Error **errp)
{
    const char *id = object_get_canonical_path_component(OBJECT(base));
    const vcpupin_pin *pin = NULL;
    ThreadCreation creation = { .first = start_iothread, .opaque = base };
    ERRP_GUARD();

    if (pinning_is_iothread(OBJECT(base))) {
        pin = pinning_iothread_pin(id);
        creation.context = pinning_context(pin);
        /* Once the machine runs, an error is no reason to end QEMU. */
        if (pin && phase_check(PHASE_MACHINE_READY) &&
            !pinning_check_pin(pin, errp)) {
            error_prepend(errp, "iothread '%s': ", id);
            return;
        }
        if (pin) {
            pinning_ensure_emulator_context();
        }
        thread_creation_set_next(&creation);
    }
    iothread_init(base, errp);
    thread_creation_set_next(NULL);
    if (!*errp && pinning_is_iothread(OBJECT(base))) {
        pinning_tree_add_iothread(OBJECT(base), pin != NULL);
        pinning_end_unneeded_contexts();
    }
}

typedef struct ContextRequest {
    const vcpupin_pin *pin;
    QemuSemaphore done;
} ContextRequest;

static void make_context(void *opaque)
{
    ContextRequest *request = opaque;

    pinning_make_context(request->pin);
    qemu_sem_post(&request->done);
}

/* Before an iothread is deleted, it creates a context with its pin: a successor is
 * created from it. */
static void keep_context(IOThread *iothread, const vcpupin_pin *pin)
{
    ContextRequest request = { .pin = pin };

    qemu_sem_init(&request.done, 0);
    aio_bh_schedule_oneshot(iothread_get_aio_context(iothread), make_context,
                            &request);
    qemu_sem_wait(&request.done);
    qemu_sem_destroy(&request.done);
}

static bool can_be_deleted(EventLoopBase *base)
{
    const char *id = object_get_canonical_path_component(OBJECT(base));
    const vcpupin_pin *pin;

    if (iothread_can_be_deleted && !iothread_can_be_deleted(base)) {
        return false;
    }
    pin = pinning_is_iothread(OBJECT(base)) ? pinning_iothread_pin(id) : NULL;
    if (pin && pinning_may_be_refused_later(pin)) {
        keep_context(IOTHREAD(base), pin);
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

static int add_to_tree(Object *object, void *opaque)
{
    const char *id = object_get_canonical_path_component(object);

    if (pinning_is_iothread(object)) {
        pinning_tree_add_iothread(object, pinning_iothread_pin(id) != NULL);
    }
    return 0;
}

void pinning_add_iothreads_to_tree(void)
{
    object_child_foreach(object_get_objects_root(), add_to_tree, NULL);
}
