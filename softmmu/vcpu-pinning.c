/*
 * The hooks in QEMU's own files, on top of all else that native pinning consists of:
 * what happens when.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/option.h"
#include "hw/boards.h"
#include "hw/core/cpu.h"
#include "sysemu/vcpu-pinning.h"
#include "accel/vcpu-start.h"
#include "pinning-creation.h"
#include "pinning-hotplug.h"
#include "pinning-iothreads.h"
#include "pinning-options.h"
#include "pinning-readback.h"
#include "pinning-strays.h"
#include "pinning-tree.h"

void vcpu_pinning_add_options(void)
{
    pinning_options_add();
}

void vcpu_pinning_parse_option(const char *option, const char *value)
{
    pinning_options_parse(option, value);
}

static void pin_emulator(void)
{
    const vcpupin_pin *pin = pinning_emulator_pin();
    Location location;
    char *message;

    if (pin) {
        pinning_push_option(&location, pinning_emulator_option());
        if (!vcpupin_apply_all(pin, NULL, 0, &message)) {
            pinning_set_error(&error_fatal, message);
        }
        loc_pop(&location);
    }
}

static bool check_iothread_pin(const char *id, Error **errp)
{
    return pinning_check_pin(pinning_iothread_pin(id), errp);
}

void vcpu_pinning_before_sandbox(void)
{
    pinning_watch_iothreads();
    pinning_options_read();
    if (!pinning_is_asked_for()) {
        return;
    }
    pin_emulator();
    if (pinning_is_sandboxed()) {
        pinning_make_contexts_before_sandbox();
    } else {
        pinning_for_each_iothread(check_iothread_pin, &error_fatal);
    }
}

/* TCG runs all vCPUs on one thread with thread=single, and when it must
 * (-icount, record and replay, guests it cannot run in parallel). */
static bool vcpus_share_a_thread(MachineState *machine)
{
    Object *accel = OBJECT(machine->accelerator);
    g_autofree char *thread = NULL;

    if (object_property_find(accel, "thread")) {
        thread = object_property_get_str(accel, "thread", &error_abort);
    }
    return g_strcmp0(thread, "single") == 0;
}

void vcpu_pinning_prepare(MachineState *machine)
{
    pinning_tree_create(machine);
    pinning_add_iothreads_to_tree();
    pinning_read_back_at_starts();
    if (pinning_is_asked_for()) {
        pinning_options_read_for_machine(machine->smp.max_cpus,
                                         vcpus_share_a_thread(machine));
        pinning_ensure_emulator_context();
        pinning_watch_strays();
        pinning_watch_hotplug(machine);
    }
}

void vcpu_pinning_creation_begins(CPUState *cpu)
{
    ThreadCreation creation = {
        .context = pinning_context(pinning_vcpu_pin(cpu->cpu_index)),
        .first = vcpu_start,
        .opaque = cpu,
    };

    thread_creation_set_next(&creation);
}

void vcpu_pinning_creation_ends(void)
{
    thread_creation_set_next(NULL);
}
