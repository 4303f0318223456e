/*
 * Stray threads: the kernel creates them from a pinned thread, without QEMU, and
 * they inherit its pin. For a while after each start of the guest they are looked
 * for and moved; nothing polls after that.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/timer.h"
#include "hw/boards.h"
#include "hw/core/cpu.h"
#include "sysemu/reset.h"
#include "sysemu/runstate.h"
#include "pinning-creation.h"
#include "pinning-strays.h"
#include "pinning-tree.h"

#ifdef CONFIG_LINUX
#include <linux/kvm.h>
#include <sys/ioctl.h>
#endif

/* When they are looked for: milliseconds after the guest's start, each look twice
 * as far from the last as that was. */
#define FIRST_LOOK 10
#define LAST_LOOK 70

static QEMUTimer *timer;
static int64_t started; /* milliseconds of QEMU_CLOCK_REALTIME */

#if defined(CONFIG_LINUX) && (defined(__x86_64__) || defined(__i386__))
/*
 * KVM on x86 creates a helper thread (kvm-nx-lpage-recovery) the first time that a
 * vCPU is run. Here the emulator's context runs a vCPU for no instruction at all, so
 * that the helper inherits the emulator's pin. Then it need not be moved, which a
 * sandbox would not allow.
 */
static void run_no_instruction(void *opaque)
{
    CPUState *cpu = opaque;

    qatomic_set(&cpu->kvm_run->immediate_exit, 1);
    ioctl(cpu->kvm_fd, KVM_RUN, NULL);
    qatomic_set(&cpu->kvm_run->immediate_exit, 0);
}

static void make_kvm_helper(void)
{
    if (first_cpu && first_cpu->kvm_run) {
        pin_thread_context_run(pinning_emulator_context(), run_no_instruction,
                               first_cpu);
    }
}
#else
static void make_kvm_helper(void)
{
}
#endif

static void look(void *opaque)
{
    g_autoptr(GArray) pinned = pinning_tree_pinned_threads();
    int64_t age = qemu_clock_get_ms(QEMU_CLOCK_REALTIME) - started;
    vcpupin_pin *emulator;
    char *message = NULL;

    emulator = vcpupin_pin_read(qemu_get_thread_id(), &message);
    if (!emulator || !vcpupin_collect_strays(emulator, (const int *)pinned->data,
                                             pinned->len, NULL, &message)) {
        warn_report("%s", message ? message : "out of memory");
        free(message);
    } else if (age < LAST_LOOK) {
        timer_mod(timer, started + 2 * MAX(age, FIRST_LOOK) + FIRST_LOOK);
    }
    vcpupin_pin_free(emulator);
}

static void guest_starts_or_stops(void *opaque, bool running, RunState state)
{
    static bool has_helper;

    if (running) {
        if (!has_helper) {
            make_kvm_helper();
            has_helper = true;
        }
        started = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
        timer_mod(timer, started + FIRST_LOOK);
    }
}

/* QEMU 11.0 and later can make a new virtual machine in the kernel at a reset, without
 * a start of the guest: always, if this property says so, and for a confidential guest.
 * The helper thread of the former one has ended. */
static void machine_is_reset(void *opaque)
{
    MachineState *machine = MACHINE(qdev_get_machine());
    const char *property = "x-change-vmfd-on-reset";

    if (started && object_property_find(OBJECT(machine), property) &&
        (machine->cgs ||
         object_property_get_bool(OBJECT(machine), property, &error_abort))) {
        make_kvm_helper();
    }
}

void pinning_watch_strays(void)
{
    if (!timer) {
        timer = timer_new_ms(QEMU_CLOCK_REALTIME, look, NULL);
        qemu_add_vm_change_state_handler(guest_starts_or_stops, NULL);
        qemu_register_reset(machine_is_reset, NULL);
    }
}
