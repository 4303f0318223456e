/*
 * Native vCPU pinning: what stands between QEMU and libvcpupin.
 *
 * QEMU's options go in as strings, the library's errors come out as QEMU's,
 * led by the option that they are about. No CPU list is read here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/config-file.h"
#include "qemu/error-report.h"
#include "qemu/option.h"
#include "hw/boards.h"
#include "hw/core/cpu.h"
#include "sysemu/vcpu-pinning.h"
#include "vcpupin.h"

static QemuOptsList vcpu_opts = {
    .name = "vcpu",
    .implied_opt_name = "vcpunum",
    .head = QTAILQ_HEAD_INITIALIZER(vcpu_opts.head),
    .desc = {
        {
            .name = "vcpunum",
            .type = QEMU_OPT_STRING,
            .help = "number of the vCPU, from 0",
        }, {
            .name = "affinity",
            .type = QEMU_OPT_STRING,
            .help = "list of the host CPUs it may run on; may be repeated",
        },
        { /* end of list */ }
    },
};

/* The pins, and the option that each came from (vCPU -> QemuOpts, borrowed).
 * Made once by vcpu_pinning_prepare(), read by the vCPU threads. */
static vcpupin_table *pins;
static GHashTable *pin_options;

/* Turns a message of the library, which this frees, into an Error. */
static void set_error(Error **errp, char *message)
{
    error_setg(errp, "%s", message ? message : "out of memory");
    free(message);
}

void vcpu_pinning_add_options(void)
{
    qemu_add_opts(&vcpu_opts);
}

void vcpu_pinning_parse_option(const char *value)
{
    if (has_help_option(value)) {
        qemu_opts_print_help(&vcpu_opts, true);
        exit(0);
    }
    qemu_opts_parse(&vcpu_opts, value, true, &error_fatal);
}

/* One -vcpu, its values as they were typed. */
typedef struct VcpuRequest {
    const char *vcpunum;
    GPtrArray *affinity;
} VcpuRequest;

static int collect_value(void *opaque, const char *name, const char *value,
                         Error **errp)
{
    VcpuRequest *request = opaque;

    if (g_str_equal(name, "affinity")) {
        g_ptr_array_add(request->affinity, (gpointer)value);
    } else if (request->vcpunum) {
        error_setg(errp, "vcpunum is given twice: '%s' and '%s'",
                   request->vcpunum, value);
        return -1;
    } else {
        request->vcpunum = value;
    }
    return 0;
}

static int add_pin(void *opaque, QemuOpts *opts, Error **errp)
{
    g_autoptr(GPtrArray) affinity = g_ptr_array_new();
    VcpuRequest request = { .affinity = affinity };
    unsigned vcpu;
    char *message;

    if (qemu_opt_foreach(opts, collect_value, &request, errp)) {
        return -1;
    }
    if (!vcpupin_table_add_vcpu(pins, request.vcpunum,
                                (const char *const *)affinity->pdata,
                                affinity->len, &vcpu, &message)) {
        set_error(errp, message);
        return -1;
    }
    g_hash_table_insert(pin_options, GUINT_TO_POINTER(vcpu), opts);
    return 0;
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
    vcpupin_host *host;
    char *message;

    if (QTAILQ_EMPTY(&vcpu_opts.head)) {
        return;
    }
    host = vcpupin_host_read(NULL, &message);
    if (!host) {
        set_error(&error_fatal, message);
    }
    pins = vcpupin_table_new(host, machine->smp.max_cpus,
                             vcpus_share_a_thread(machine));
    vcpupin_host_free(host);
    if (!pins) {
        set_error(&error_fatal, NULL);
    }
    pin_options = g_hash_table_new(NULL, NULL);
    qemu_opts_foreach(&vcpu_opts, add_pin, NULL, &error_fatal);
}

void vcpu_pinning_thread_starts(CPUState *cpu)
{
    const vcpupin_cpus *pin;
    QemuOpts *opts;
    Location location;
    char *message;

    pin = pins ? vcpupin_table_vcpu(pins, cpu->cpu_index) : NULL;
    if (!pin || vcpupin_apply(pin, &message)) {
        return;
    }
    loc_push_none(&location);
    opts = g_hash_table_lookup(pin_options, GUINT_TO_POINTER(cpu->cpu_index));
    if (opts) {
        qemu_opts_loc_restore(opts);
    }
    set_error(&error_fatal, message);
}
