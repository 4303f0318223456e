/*
 * The options, and the table of the pins that they ask for.
 *
 * QEMU's options go into libvcpupin as strings; the library's errors come out as
 * QEMU's, led by the option that they are about. No CPU list is parsed here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/config-file.h"
#include "qemu/error-report.h"
#include "qemu/option.h"
#include "qom/object_interfaces.h"
#include "hw/boards.h"
#include "hw/core/cpu.h"
#include "sysemu/iothread.h"
#include "pinning-options.h"

#define AFFINITY_AND_SCHED                                                  \
        {                                                                   \
            .name = "affinity",                                             \
            .type = QEMU_OPT_STRING,                                        \
            .help = "list of the host CPUs it may run on; may be repeated", \
        }, {                                                                \
            .name = "sched",                                                \
            .type = QEMU_OPT_STRING,                                        \
            .help = "scheduling policy: other, batch, idle, fifo, rr",      \
        }, {                                                                \
            .name = "priority",                                             \
            .type = QEMU_OPT_STRING,                                        \
            .help = "1 to 99, for fifo and rr",                             \
        }

static QemuOptsList vcpu_opts = {
    .name = "vcpu",
    .implied_opt_name = "vcpunum",
    .head = QTAILQ_HEAD_INITIALIZER(vcpu_opts.head),
    .desc = {
        {
            .name = "vcpunum",
            .type = QEMU_OPT_STRING,
            .help = "number of the vCPU, from 0",
        },
        AFFINITY_AND_SCHED,
        { /* end of list */ }
    },
};

static QemuOptsList iothreadpin_opts = {
    .name = "iothreadpin",
    .implied_opt_name = "iothread",
    .head = QTAILQ_HEAD_INITIALIZER(iothreadpin_opts.head),
    .desc = {
        {
            .name = "iothread",
            .type = QEMU_OPT_STRING,
            .help = "ID of the iothread object",
        },
        AFFINITY_AND_SCHED,
        { /* end of list */ }
    },
};

static QemuOptsList emulatorpin_opts = {
    .name = "emulatorpin",
    .head = QTAILQ_HEAD_INITIALIZER(emulatorpin_opts.head),
    .desc = {
        AFFINITY_AND_SCHED,
        { /* end of list */ }
    },
};

/* Set once by the main thread, in this order; read by all. */
static vcpupin_host *host;
static vcpupin_pin *start;     /* what QEMU was started with */
static vcpupin_table *pins;    /* NULL: nothing was asked for */
/* From vCPU number and iothread ID to the option that pins it, all borrowed. */
static GHashTable *vcpu_options, *iothread_options;
static bool sandboxed;

void pinning_set_error(Error **errp, char *message)
{
    error_setg(errp, "%s", message ? message : "out of memory");
    free(message);
}

void pinning_options_add(void)
{
    qemu_add_opts(&vcpu_opts);
    qemu_add_opts(&iothreadpin_opts);
    qemu_add_opts(&emulatorpin_opts);
}

void pinning_options_parse(const char *option, const char *value)
{
    QemuOptsList *list = qemu_find_opts(option);

    if (has_help_option(value)) {
        qemu_opts_print_help(list, true);
        exit(0);
    }
    qemu_opts_parse(list, value, list->implied_opt_name, &error_fatal);
}

/* One option, its values as they were typed. */
typedef struct PinRequest {
    vcpupin_request values;
    GPtrArray *affinity;
} PinRequest;

static int collect_value(void *opaque, const char *name, const char *value,
                         Error **errp)
{
    PinRequest *request = opaque;
    const char **place = g_str_equal(name, "sched") ? &request->values.sched
                       : g_str_equal(name, "priority") ? &request->values.priority
                       : &request->values.name;

    if (g_str_equal(name, "affinity")) {
        g_ptr_array_add(request->affinity, (gpointer)value);
        return 0;
    }
    if (*place) {
        error_setg(errp, "%s is given twice: '%s' and '%s'", name, *place, value);
        return -1;
    }
    *place = value;
    return 0;
}

static int add_pin(void *opaque, QemuOpts *opts, Error **errp)
{
    QemuOptsList *list = opaque;
    g_autoptr(GPtrArray) affinity = g_ptr_array_new();
    PinRequest request = { .affinity = affinity };
    unsigned vcpu;
    char *message;
    bool added;

    if (qemu_opt_foreach(opts, collect_value, &request, errp)) {
        return -1;
    }
    request.values.affinity = (const char *const *)affinity->pdata;
    request.values.n_affinity = affinity->len;
    if (list == &vcpu_opts) {
        added = vcpupin_table_add_vcpu(pins, &request.values, &vcpu, &message);
        if (added) {
            g_hash_table_insert(vcpu_options, GUINT_TO_POINTER(vcpu), opts);
        }
    } else if (list == &iothreadpin_opts) {
        added = vcpupin_table_add_iothread(pins, &request.values, &message);
        if (added) {
            g_hash_table_insert(iothread_options,
                                (gpointer)request.values.name, opts);
        }
    } else {
        added = vcpupin_table_add_emulator(pins, &request.values, &message);
    }
    if (!added) {
        pinning_set_error(errp, message);
        return -1;
    }
    return 0;
}

static void add_pins(QemuOptsList *list)
{
    qemu_opts_foreach(list, add_pin, list, &error_fatal);
}

/* An empty table. The former one is not freed: others borrow its pins. */
static void start_table(unsigned max_vcpus, bool shared_thread)
{
    pins = vcpupin_table_new(host, start, max_vcpus, shared_thread);
    if (!pins) {
        pinning_set_error(&error_fatal, NULL);
    }
    vcpu_options = g_hash_table_new(NULL, NULL);
    iothread_options = g_hash_table_new(g_str_hash, g_str_equal);
}

static bool any_option_is_given(void)
{
    return !QTAILQ_EMPTY(&vcpu_opts.head) ||
           !QTAILQ_EMPTY(&iothreadpin_opts.head) ||
           !QTAILQ_EMPTY(&emulatorpin_opts.head);
}

static int denies_pinning(void *opaque, QemuOpts *opts, Error **errp)
{
    const char *resources = qemu_opt_get(opts, "resourcecontrol");

    return qemu_opt_get_bool(opts, "enable", false) &&
           g_strcmp0(resources, "deny") == 0;
}

static bool sandbox_denies_pinning(void)
{
    QemuOptsList *list = qemu_find_opts_err("sandbox", NULL);

    return list && qemu_opts_foreach(list, denies_pinning, NULL, NULL);
}

void pinning_options_read(void)
{
    char *message;

    sandboxed = sandbox_denies_pinning();
    if (!any_option_is_given()) {
        return;
    }
    host = vcpupin_host_read(NULL, &message);
    start = host ? vcpupin_pin_read(0, &message) : NULL;
    if (!start) {
        pinning_set_error(&error_fatal, message);
    }
    /* How many vCPUs there are is not known yet. */
    start_table(UINT_MAX, false);
    add_pins(&emulatorpin_opts);
    add_pins(&iothreadpin_opts);
    if (sandboxed) {
        add_pins(&vcpu_opts);
    }
}

static void warn(void)
{
    char **warnings = vcpupin_table_warnings(pins);

    for (char **warning = warnings; warning && *warning; warning++) {
        warn_report("%s", *warning);
    }
    vcpupin_warnings_free(warnings);
}

static Object *find_iothread(const char *id)
{
    Object *object = object_resolve_path_component(object_get_objects_root(), id);

    return object && pinning_is_iothread(object) ? object : NULL;
}

static bool check_iothread(const char *id, Error **errp)
{
    if (find_iothread(id)) {
        return true;
    }
    error_setg(errp, "there is no iothread '%s'", id);
    return false;
}

void pinning_options_read_for_machine(unsigned max_vcpus, bool share_thread)
{
    start_table(max_vcpus, share_thread);
    add_pins(&emulatorpin_opts);
    add_pins(&iothreadpin_opts);
    add_pins(&vcpu_opts);
    pinning_for_each_iothread(check_iothread, &error_fatal);
    warn();
}

bool pinning_is_asked_for(void)
{
    return pins != NULL;
}

const vcpupin_pin *pinning_vcpu_pin(unsigned vcpu)
{
    return pins ? vcpupin_table_vcpu(pins, vcpu) : NULL;
}

const vcpupin_pin *pinning_iothread_pin(const char *id)
{
    return pins ? vcpupin_table_iothread(pins, id) : NULL;
}

const vcpupin_pin *pinning_emulator_pin(void)
{
    return pins ? vcpupin_table_emulator(pins) : NULL;
}

const vcpupin_pin *pinning_start_pin(void)
{
    return start;
}

static QemuOpts *find_option(GHashTable *options, gconstpointer thread)
{
    return options ? g_hash_table_lookup(options, thread) : NULL;
}

QemuOpts *pinning_vcpu_option(unsigned vcpu)
{
    return find_option(vcpu_options, GUINT_TO_POINTER(vcpu));
}

QemuOpts *pinning_iothread_option(const char *id)
{
    return find_option(iothread_options, id);
}

QemuOpts *pinning_emulator_option(void)
{
    return QTAILQ_FIRST(&emulatorpin_opts.head);
}

void pinning_push_option(Location *location, QemuOpts *option)
{
    loc_push_none(location);
    if (option) {
        qemu_opts_loc_restore(option);
    }
}

void pinning_for_each_vcpu(void (*fn)(unsigned vcpu))
{
    GHashTableIter all;
    gpointer vcpu;

    g_hash_table_iter_init(&all, vcpu_options);
    while (g_hash_table_iter_next(&all, &vcpu, NULL)) {
        fn(GPOINTER_TO_UINT(vcpu));
    }
}

typedef bool IothreadFunction(const char *id, Error **errp);

static int call_with_id(void *opaque, QemuOpts *opts, Error **errp)
{
    IothreadFunction *fn = opaque;

    return fn(qemu_opt_get(opts, "iothread"), errp) ? 0 : -1;
}

bool pinning_for_each_iothread(IothreadFunction *fn, Error **errp)
{
    return !qemu_opts_foreach(&iothreadpin_opts, call_with_id, fn, errp);
}

bool pinning_is_sandboxed(void)
{
    return sandboxed;
}

bool pinning_may_be_refused_later(const vcpupin_pin *pin)
{
    const vcpupin_sched *asked = vcpupin_pin_sched(pin);

    return sandboxed || asked->policy != vcpupin_pin_sched(start)->policy ||
           asked->priority != vcpupin_pin_sched(start)->priority;
}

bool pinning_is_iothread(Object *object)
{
    return object->parent == object_get_objects_root() &&
           object_dynamic_cast(object, TYPE_IOTHREAD);
}

static bool is_for_an_absent_vcpu(const vcpupin_pin *pin)
{
    MachineState *machine = MACHINE(qdev_get_machine());

    for (unsigned vcpu = 0; vcpu < machine->smp.max_cpus; vcpu++) {
        const vcpupin_pin *own = pinning_vcpu_pin(vcpu);

        if (own && vcpupin_pin_equal(own, pin) && !qemu_get_cpu(vcpu)) {
            return true;
        }
    }
    return false;
}

static bool is_for_an_absent_iothread(const vcpupin_pin *pin)
{
    GHashTableIter all;
    gpointer id;

    g_hash_table_iter_init(&all, iothread_options);
    while (g_hash_table_iter_next(&all, &id, NULL)) {
        if (vcpupin_pin_equal(pinning_iothread_pin(id), pin) &&
            !find_iothread(id)) {
            return true;
        }
    }
    return false;
}

bool pinning_is_for_an_absent_thread(const vcpupin_pin *pin)
{
    return is_for_an_absent_vcpu(pin) || is_for_an_absent_iothread(pin);
}
