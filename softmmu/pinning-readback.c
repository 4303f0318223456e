/*
 * What was asked of threads, read back from the kernel as the guest starts to run.
 *
 * QEMU pins a thread when it creates it. Between that and the guest's start a manager
 * may move the thread: libvirt starts QEMU with -S, gives every vCPU thread the CPUs
 * of its domain's XML, or all of the host's, and then continues.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/coroutine.h"
#include "qemu/error-report.h"
#include "hw/core/cpu.h"
#include "migration/misc.h"
#include "monitor/monitor.h"
#include "sysemu/reset.h"
#include "sysemu/runstate.h"
#include "pinning-options.h"
#include "pinning-readback.h"
#include "pinning-tree.h"

static bool has_run; /* the guest, in this process */

/* libvirt's elements for a role, and what precedes the number in an iothread's ID. */
static const char *const roles[] = {
    [ROLE_EMULATOR] = "emulator",
    [ROLE_VCPU] = "vcpu",
    [ROLE_IOTHREAD] = "iothread",
};

/* "host CPU 1 as fifo, priority 2"; without the policy if @sched is NULL. */
static void add_pin(GString *text, const vcpupin_cpus *cpus,
                    const vcpupin_sched *sched)
{
    char *list = vcpupin_cpus_format(cpus);

    g_string_append_printf(text, "host CPU%s %s",
                           vcpupin_cpus_count(cpus) == 1 ? "" : "s", list);
    if (sched) {
        g_string_append_printf(text, " as %s", vcpupin_policy_name(sched->policy));
    }
    if (sched && sched->priority) {
        g_string_append_printf(text, ", priority %d", sched->priority);
    }
    free(list);
}

static void add_name(GString *text, const PinnedThread *thread)
{
    if (thread->role == ROLE_VCPU) {
        g_string_append_printf(text, "vCPU %d", CPU(thread->owner)->cpu_index);
    } else if (thread->role == ROLE_IOTHREAD) {
        g_string_append_printf(text, "iothread '%s'",
                               object_get_canonical_path_component(thread->owner));
    } else {
        g_string_append(text, "the emulator");
    }
    g_string_append_printf(text, " (thread %" PRIu64 "): ", thread->id);
}

/* What libvirt's <cputune> must hold to ask for the same. */
static void add_libvirt_elements(GString *text, const PinnedThread *thread)
{
    const char *role = roles[thread->role], *policy = NULL;
    g_autofree char *number = NULL;
    char *list = vcpupin_cpus_format(thread->asked);

    if (thread->role == ROLE_VCPU) {
        number = g_strdup_printf("%d", CPU(thread->owner)->cpu_index);
    } else if (thread->role == ROLE_IOTHREAD) {
        const char *id = object_get_canonical_path_component(thread->owner);

        number = g_strdup(id + (g_str_has_prefix(id, role) ? strlen(role) : 0));
    }
    g_string_append_printf(text, "<%spin", role);
    if (number) {
        g_string_append_printf(text, " %s='%s'", role, number);
    }
    g_string_append_printf(text, " cpuset='%s'/>", list);
    free(list);

    /* libvirt has no word for the policy other: it is what threads have. */
    if (thread->asked_sched) {
        policy = vcpupin_policy_name(thread->asked_sched->policy);
    }
    if (g_strcmp0(policy, "other") != 0 && policy) {
        g_string_append_printf(text, " and <%ssched", role);
        if (number) {
            g_string_append_printf(text, " %ss='%s'", role, number);
        }
        g_string_append_printf(text, " scheduler='%s'", policy);
        if (thread->asked_sched->priority) {
            g_string_append_printf(text, " priority='%d'",
                                   thread->asked_sched->priority);
        }
        g_string_append(text, "/>");
    }
}

/* What was moved with the main thread. Not all of it can be: the kernel has threads
 * in this process whose CPUs are its own choice (io_uring). */
static void put_back_emulator_threads(const PinnedThread *emulator)
{
    g_autoptr(GArray) others = pinning_tree_pinned_threads();
    char *message;

    if (!vcpupin_apply_cpus_all(emulator->asked, (const int *)others->data,
                                others->len, &message)) {
        warn_report("%s", message ? message : "out of memory");
        free(message);
    }
}

static bool put_back(const PinnedThread *thread, char **message)
{
    vcpupin_pin *pin = NULL;
    bool done;

    if (thread->asked_sched) {
        pin = vcpupin_pin_new(thread->asked, *thread->asked_sched);
        done = pin && vcpupin_apply(thread->id, pin, message);
    } else {
        done = vcpupin_apply_cpus(thread->id, thread->asked, message);
    }
    vcpupin_pin_free(pin);
    if (done && thread->role == ROLE_EMULATOR) {
        put_back_emulator_threads(thread);
    }
    return done;
}

/* Before its first instruction a guest rather does not run. A guest that has run, here
 * or where it migrates from with no way back, is not ended. */
static bool guest_may_be_refused(void)
{
    return !has_run && !migration_in_incoming_postcopy();
}

static void refuse_or_warn(PinnedThread *thread, GString *text)
{
    Location location;

    pinning_push_option(&location, thread->option);
    if (guest_may_be_refused()) {
        /* Not to the monitor that asks for the start: it ends with QEMU. */
        monitor_set_cur(qemu_coroutine_self(), NULL);
        error_report("%s", text->str);
        exit(1);
    }
    if (!thread->warned) {
        warn_report("%s", text->str);
        thread->warned = true;
    }
    loc_pop(&location);
}

static bool is_as_asked(const PinnedThread *thread, const vcpupin_cpus *cpus,
                        const vcpupin_sched *sched)
{
    const vcpupin_sched *asked = thread->asked_sched;

    return vcpupin_cpus_equal(cpus, thread->asked) &&
           (!asked || (asked->policy == sched->policy &&
                       asked->priority == sched->priority));
}

/* Returns whether the thread had to be put back, and was; @text is what to say. */
static bool check(PinnedThread *thread, GString *text)
{
    char *message = NULL;
    vcpupin_cpus *cpus = vcpupin_cpus_read_affinity(thread->id, &message);
    vcpupin_sched sched = { 0 };
    bool done = false;

    if (!cpus || !vcpupin_sched_read(thread->id, &sched, &message)) {
        g_string_append(text, message ? message : "out of memory");
        refuse_or_warn(thread, text);
    } else if (is_as_asked(thread, cpus, &sched)) {
        thread->warned = false;
    } else {
        g_string_append(text, "asked ");
        add_pin(text, thread->asked, thread->asked_sched);
        g_string_append(text, ", found ");
        add_pin(text, cpus, thread->asked_sched ? &sched : NULL);
        done = !pinning_is_sandboxed() && put_back(thread, &message);
        if (!done) {
            g_string_append(text, ": another program changed that, and QEMU cannot "
                            "change it back: ");
            g_string_append(text, pinning_is_sandboxed()
                            ? "-sandbox resourcecontrol=deny forbids it"
                            : message ? message : "out of memory");
            g_string_append(text, "; ask that program for the same, libvirt with ");
            add_libvirt_elements(text, thread);
            g_string_append(text, " (qemu-pin plan --format libvirt prints it)");
            refuse_or_warn(thread, text);
        }
    }
    vcpupin_cpus_free(cpus);
    free(message);
    return done;
}

static void read_back(void)
{
    g_autoptr(GPtrArray) threads = pinning_tree_threads();
    g_autoptr(GString) first = NULL;
    unsigned n_put_back = 0;

    for (unsigned i = 0; i < threads->len; i++) {
        PinnedThread *thread = g_ptr_array_index(threads, i);
        g_autoptr(GString) text = g_string_new(NULL);

        if (thread->asked) {
            add_name(text, thread);
            if (check(thread, text) && n_put_back++ == 0) {
                first = g_steal_pointer(&text);
            }
        }
    }
    if (n_put_back == 1) {
        info_report("%s: put back", first->str);
    } else if (n_put_back > 1) {
        info_report("%s: put back, as were %u more threads", first->str,
                    n_put_back - 1);
    }
}

static void guest_starts_or_stops(void *opaque, bool running, RunState state)
{
    if (running) {
        read_back();
        has_run = true;
    }
}

/* A reset is no start, but there may be a new machine in the kernel after it. */
static void machine_is_reset(void *opaque)
{
    if (has_run) {
        read_back();
    }
}

void pinning_read_back_at_starts(void)
{
    qemu_add_vm_change_state_handler(guest_starts_or_stops, NULL);
    qemu_register_reset(machine_is_reset, NULL);
}
