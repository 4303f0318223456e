/*
 * Where pinned threads come from, and where what they make goes.
 *
 * Under a sandbox that denies sched_setaffinity() a thread has the pin that it was
 * born with: of a nursery made before the sandbox. With and without sandbox, what
 * a pinned thread makes is born of the home nursery, which has the emulator's pin.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/thread.h"
#include "hw/boards.h"
#include "hw/core/cpu.h"
#include "sysemu/iothread.h"
#include "vcpu-pinning-internal.h"

typedef struct PinNursery {
    const vcpupin_pin *pin;
    ThreadNursery *nursery;
} PinNursery;

static GList *nurseries; /* of PinNursery, one a pin */
static ThreadNursery *home;

/* A pin as a new thread gets it. What goes wrong is for its maker to tell: QEMU
 * cannot end in a thread that its maker waits for with the big lock held. */
typedef struct PinTrial {
    const vcpupin_pin *pin;
    bool holds;
    char *message;
} PinTrial;

static void apply(void *opaque)
{
    PinTrial *trial = opaque;

    trial->holds = vcpupin_apply(0, trial->pin, &trial->message);
}

void pinning_make_nursery(const vcpupin_pin *pin)
{
    PinTrial trial = { .pin = pin };
    PinNursery *entry;

    if (pinning_nursery(pin)) {
        return;
    }
    entry = g_new(PinNursery, 1);
    entry->pin = pin;
    entry->nursery = thread_nursery_new("pin/births", apply, &trial);
    nurseries = g_list_append(nurseries, entry);
    if (!trial.holds) {
        pinning_set_error(&error_fatal, trial.message);
    }
}

ThreadNursery *pinning_nursery(const vcpupin_pin *pin)
{
    for (GList *at = nurseries; pin && at; at = at->next) {
        PinNursery *entry = at->data;

        if (vcpupin_pin_equal(entry->pin, pin)) {
            return entry->nursery;
        }
    }
    return NULL;
}

void pinning_end_nurseries(bool (*is_needed)(const vcpupin_pin *pin))
{
    for (GList *at = nurseries, *next; at; at = next) {
        PinNursery *entry = at->data;

        next = at->next;
        if (!is_needed(entry->pin)) {
            nurseries = g_list_delete_link(nurseries, at);
            thread_nursery_free(entry->nursery);
            g_free(entry);
        }
    }
}

void pinning_ensure_home(void)
{
    if (!home) {
        home = thread_nursery_new("pin/home", NULL, NULL);
        thread_birth_set_home(home);
    }
}

ThreadNursery *pinning_home(void)
{
    return home;
}

static void *try_pin(void *opaque)
{
    apply(opaque);
    return NULL;
}

bool pinning_try(const vcpupin_pin *pin, Error **errp)
{
    ThreadBirth birth = { .nursery = pinning_nursery(pin) };
    PinTrial trial = { .pin = pin };
    QemuThread thread;

    thread_birth_set_next(&birth);
    qemu_thread_create(&thread, "pin/trial", try_pin, &trial,
                       QEMU_THREAD_JOINABLE);
    qemu_thread_join(&thread);
    if (!trial.holds) {
        pinning_set_error(errp, trial.message);
    }
    return trial.holds;
}
