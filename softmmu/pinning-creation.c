/*
 * What pinned threads are created from, and what creates the threads that they
 * ask for.
 *
 * Under a sandbox that denies sched_setaffinity() a thread keeps the pin that it
 * inherits, so it is created from a context that was made before the sandbox. With
 * and without a sandbox, the threads that a pinned thread asks for are created from
 * the emulator's context, and inherit the emulator's pin.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/option.h"
#include "qemu/thread.h"
#include "hw/boards.h"
#include "hw/qdev-core.h"
#include "pinning-creation.h"
#include "pinning-options.h"

typedef struct PinnedContext {
    const vcpupin_pin *pin;
    PinThreadContext *context;
} PinnedContext;

static GList *contexts; /* of PinnedContext, one a pin */
static PinThreadContext *emulator_context;

/* A pin as a new thread gets it. The creating thread reports a failure: QEMU cannot
 * end in a thread that its creator waits for with the big lock held. */
typedef struct PinAttempt {
    const vcpupin_pin *pin;
    bool holds;
    char *message;
} PinAttempt;

static void take_pin(void *opaque)
{
    PinAttempt *attempt = opaque;

    attempt->holds = vcpupin_apply(0, attempt->pin, &attempt->message);
}

void pinning_make_context(const vcpupin_pin *pin)
{
    PinAttempt first = { .pin = pin };
    PinnedContext *entry;

    if (pinning_context(pin)) {
        return;
    }
    entry = g_new(PinnedContext, 1);
    entry->pin = pin;
    entry->context = pin_thread_context_new("pin/context", take_pin, &first);
    contexts = g_list_append(contexts, entry);
    if (!first.holds) {
        pinning_set_error(&error_fatal, first.message);
    }
}

void pinning_make_vcpu_context(unsigned vcpu)
{
    Location location;

    pinning_push_option(&location, pinning_vcpu_option(vcpu));
    pinning_make_context(pinning_vcpu_pin(vcpu));
    loc_pop(&location);
}

static bool make_iothread_context(const char *id, Error **errp)
{
    pinning_make_context(pinning_iothread_pin(id));
    return true;
}

void pinning_make_contexts_before_sandbox(void)
{
    if (is_daemonized()) {
        error_report("-daemonize cannot be used with pins and -sandbox "
                     "resourcecontrol=deny: it starts a new process after the "
                     "sandbox, where no thread can be pinned any more");
        exit(1);
    }
    pinning_for_each_vcpu(pinning_make_vcpu_context);
    if (pinning_emulator_pin()) {
        pinning_make_context(pinning_start_pin());
    }
    pinning_for_each_iothread(make_iothread_context, NULL);
    pinning_ensure_emulator_context();
}

PinThreadContext *pinning_context(const vcpupin_pin *pin)
{
    for (GList *at = contexts; pin && at; at = at->next) {
        PinnedContext *entry = at->data;

        if (vcpupin_pin_equal(entry->pin, pin)) {
            return entry->context;
        }
    }
    return NULL;
}

void pinning_end_unneeded_contexts(void)
{
    if (!phase_check(PHASE_MACHINE_READY)) {
        return;
    }
    for (GList *at = contexts, *next; at; at = next) {
        PinnedContext *entry = at->data;

        next = at->next;
        if (!pinning_is_for_an_absent_thread(entry->pin)) {
            contexts = g_list_delete_link(contexts, at);
            pin_thread_context_free(entry->context);
            g_free(entry);
        }
    }
}

void pinning_ensure_emulator_context(void)
{
    if (!emulator_context) {
        emulator_context = pin_thread_context_new("pin/emulator", NULL, NULL);
        thread_creation_set_emulator_context(emulator_context);
    }
}

PinThreadContext *pinning_emulator_context(void)
{
    return emulator_context;
}

static void *take_pin_and_end(void *opaque)
{
    take_pin(opaque);
    return NULL;
}

bool pinning_check_pin(const vcpupin_pin *pin, Error **errp)
{
    ThreadCreation creation = { .context = pinning_context(pin) };
    PinAttempt only = { .pin = pin };
    QemuThread thread;

    thread_creation_set_next(&creation);
    qemu_thread_create(&thread, "pin/check", take_pin_and_end, &only,
                       QEMU_THREAD_JOINABLE);
    qemu_thread_join(&thread);
    if (!only.holds) {
        pinning_set_error(errp, only.message);
    }
    return only.holds;
}

void pinning_start_thread(const vcpupin_pin *pin, QemuOpts *option)
{
    Location location;
    char *message;

    thread_creation_use_emulator_context();
    if (!pin || vcpupin_apply(0, pin, &message)) {
        return;
    }
    pinning_push_option(&location, option);
    pinning_set_error(&error_fatal, message);
}
