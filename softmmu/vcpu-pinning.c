/*
 * Native pinning: what stands between QEMU and libvcpupin.
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
#include "qom/object_interfaces.h"
#include "hw/boards.h"
#include "hw/core/cpu.h"
#include "sysemu/vcpu-pinning.h"
#include "vcpu-pinning-internal.h"

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
/* From vCPU number and iothread ID to the QemuOpts that pins it, all borrowed. */
static GHashTable *vcpu_origin, *iothread_origin;
static bool sealed;

void pinning_set_error(Error **errp, char *message)
{
    error_setg(errp, "%s", message ? message : "out of memory");
    free(message);
}

void vcpu_pinning_add_options(void)
{
    qemu_add_opts(&vcpu_opts);
    qemu_add_opts(&iothreadpin_opts);
    qemu_add_opts(&emulatorpin_opts);
}

void vcpu_pinning_parse_option(const char *option, const char *value)
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
            g_hash_table_insert(vcpu_origin, GUINT_TO_POINTER(vcpu), opts);
        }
    } else if (list == &iothreadpin_opts) {
        added = vcpupin_table_add_iothread(pins, &request.values, &message);
        if (added) {
            g_hash_table_insert(iothread_origin, (gpointer)request.values.name,
                                opts);
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

/* An empty table. A former one stays: pins were lent out of it. */
static void start_table(unsigned max_vcpus, bool shared_thread)
{
    pins = vcpupin_table_new(host, start, max_vcpus, shared_thread);
    if (!pins) {
        pinning_set_error(&error_fatal, NULL);
    }
    vcpu_origin = g_hash_table_new(NULL, NULL);
    iothread_origin = g_hash_table_new(g_str_hash, g_str_equal);
}

static bool is_asked_for_anything(void)
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

static void pin_emulator(void)
{
    const vcpupin_pin *pin = vcpupin_table_emulator(pins);
    Location location;
    char *message;

    if (pin) {
        loc_push_none(&location);
        qemu_opts_loc_restore(QTAILQ_FIRST(&emulatorpin_opts.head));
        if (!vcpupin_apply_all(pin, NULL, 0, &message)) {
            pinning_set_error(&error_fatal, message);
        }
        loc_pop(&location);
    }
}

const vcpupin_pin *pinning_vcpu_pin(unsigned vcpu)
{
    return pins ? vcpupin_table_vcpu(pins, vcpu) : NULL;
}

const vcpupin_pin *pinning_iothread_pin(const char *id)
{
    return pins ? vcpupin_table_iothread(pins, id) : NULL;
}

/* An error is led by the option that asks for @pin. */
static void make_nursery(const vcpupin_pin *pin, QemuOpts *origin)
{
    Location location;

    loc_push_none(&location);
    if (origin) {
        qemu_opts_loc_restore(origin);
    }
    pinning_make_nursery(pin);
    loc_pop(&location);
}

static int make_nursery_of_iothread(void *opaque, QemuOpts *opts, Error **errp)
{
    make_nursery(pinning_iothread_pin(qemu_opt_get(opts, "iothread")), opts);
    return 0;
}

static QemuOpts *find_origin(GHashTable *origins, gconstpointer thread)
{
    return origins ? g_hash_table_lookup(origins, thread) : NULL;
}

void pinning_make_vcpu_nursery(unsigned vcpu)
{
    make_nursery(pinning_vcpu_pin(vcpu),
                 find_origin(vcpu_origin, GUINT_TO_POINTER(vcpu)));
}

/* No thread can pin itself once the sandbox is on: here is made what they are
 * born of, with the right pin. */
static void seal(void)
{
    GHashTableIter all;
    gpointer vcpu;

    if (is_daemonized()) {
        error_report("-daemonize cannot be used with pins and -sandbox "
                     "resourcecontrol=deny: it starts a new process after the "
                     "sandbox, where no thread can be pinned any more");
        exit(1);
    }
    g_hash_table_iter_init(&all, vcpu_origin);
    while (g_hash_table_iter_next(&all, &vcpu, NULL)) {
        pinning_make_vcpu_nursery(GPOINTER_TO_UINT(vcpu));
    }
    if (vcpupin_table_emulator(pins)) {
        pinning_make_nursery(start);
    }
    qemu_opts_foreach(&iothreadpin_opts, make_nursery_of_iothread, NULL, NULL);
    pinning_ensure_home();
}

static int try_iothread(void *opaque, QemuOpts *opts, Error **errp)
{
    const char *id = qemu_opt_get(opts, "iothread");

    return pinning_try(pinning_iothread_pin(id), errp) ? 0 : -1;
}

void vcpu_pinning_before_sandbox(void)
{
    char *message;

    pinning_watch_iothreads();
    sealed = sandbox_denies_pinning();
    if (!is_asked_for_anything()) {
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
    if (sealed) {
        add_pins(&vcpu_opts);
    }
    pin_emulator();
    if (sealed) {
        seal();
    } else {
        qemu_opts_foreach(&iothreadpin_opts, try_iothread, NULL, &error_fatal);
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

static Object *find_iothread(const char *id)
{
    Object *object = object_resolve_path_component(object_get_objects_root(), id);

    return object && pinning_is_iothread(object) ? object : NULL;
}

bool pinning_is_for_an_absent_iothread(const vcpupin_pin *pin)
{
    GHashTableIter all;
    gpointer id;

    g_hash_table_iter_init(&all, iothread_origin);
    while (g_hash_table_iter_next(&all, &id, NULL)) {
        if (vcpupin_pin_equal(pinning_iothread_pin(id), pin) &&
            !find_iothread(id)) {
            return true;
        }
    }
    return false;
}

static int check_iothread(void *opaque, QemuOpts *opts, Error **errp)
{
    const char *id = qemu_opt_get(opts, "iothread");

    if (find_iothread(id)) {
        return 0;
    }
    error_setg(errp, "there is no iothread '%s'", id);
    return -1;
}

static void warn(void)
{
    char **warnings = vcpupin_table_warnings(pins);

    for (char **warning = warnings; warning && *warning; warning++) {
        warn_report("%s", *warning);
    }
    vcpupin_warnings_free(warnings);
}

void vcpu_pinning_prepare(MachineState *machine)
{
    pinning_tree_create(machine);
    if (!pins) {
        return;
    }
    start_table(machine->smp.max_cpus, vcpus_share_a_thread(machine));
    add_pins(&emulatorpin_opts);
    add_pins(&iothreadpin_opts);
    add_pins(&vcpu_opts);
    qemu_opts_foreach(&iothreadpin_opts, check_iothread, NULL, &error_fatal);
    warn();
    pinning_ensure_home();
    pinning_watch_stowaways();
    pinning_watch_hotplug(machine);
}

bool pinning_is_hard_to_repeat(const vcpupin_pin *pin)
{
    const vcpupin_sched *asked = vcpupin_pin_sched(pin);

    return sealed || asked->policy != vcpupin_pin_sched(start)->policy ||
           asked->priority != vcpupin_pin_sched(start)->priority;
}

bool pinning_is_sealed(void)
{
    return sealed;
}

/* In the new thread: gives it @pin, if any, or ends QEMU, saying which option it
 * was. */
static void start_thread(const vcpupin_pin *pin, QemuOpts *origin)
{
    Location location;
    char *message;

    thread_birth_leave_home();
    if (!pin || vcpupin_apply(0, pin, &message)) {
        return;
    }
    loc_push_none(&location);
    if (origin) {
        qemu_opts_loc_restore(origin);
    }
    pinning_set_error(&error_fatal, message);
}

static void start_vcpu(void *opaque)
{
    CPUState *cpu = opaque;

    start_thread(pinning_vcpu_pin(cpu->cpu_index),
                 find_origin(vcpu_origin, GUINT_TO_POINTER(cpu->cpu_index)));
}

void pinning_start_iothread(const char *id)
{
    start_thread(pinning_iothread_pin(id), find_origin(iothread_origin, id));
}

void vcpu_pinning_birth_begins(CPUState *cpu)
{
    ThreadBirth birth = {
        .nursery = pinning_nursery(pinning_vcpu_pin(cpu->cpu_index)),
        .first = start_vcpu,
        .opaque = cpu,
    };

    thread_birth_set_next(&birth);
}

void vcpu_pinning_birth_ends(void)
{
    thread_birth_set_next(NULL);
}
