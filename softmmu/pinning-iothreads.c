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
static void (*iothread_unparent)(Object *object);

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
        pinning_tree_add_iothread(OBJECT(base));
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

/* Called by object-del when nothing can refuse it any more; for an iothread that could
 * not be made, which has no thread; and at QEMU's end, when the root of all objects has
 * lost its own parent, and there is no successor. */
static void unparent(Object *object)
{
    const char *id = object_get_canonical_path_component(object);
    const vcpupin_pin *pin;

    if (pinning_is_iothread(object) && object->parent->parent &&
        IOTHREAD(object)->thread_id != -1) {
        pin = pinning_iothread_pin(id);
        if (pin && pinning_may_be_refused_later(pin)) {
            keep_context(IOTHREAD(object), pin);
        }
        pinning_tree_remove_iothread(object);
    }
    if (iothread_unparent) {
        iothread_unparent(object);
    }
}

void pinning_watch_iothreads(void)
{
    ObjectClass *class = object_class_by_name(TYPE_IOTHREAD);
    EventLoopBaseClass *base_class = EVENT_LOOP_BASE_CLASS(class);

    iothread_init = base_class->init;
    base_class->init = init;
    iothread_unparent = class->unparent;
    class->unparent = unparent;
}

static int add_to_tree(Object *object, void *opaque)
{
    if (pinning_is_iothread(object)) {
        pinning_tree_add_iothread(object);
    }
    return 0;
}

void pinning_add_iothreads_to_tree(void)
{
    object_child_foreach(object_get_objects_root(), add_to_tree, NULL);
}
