/*
 * /machine/pinning: the machine's threads as QEMU's objects, to be read and moved
 * over QMP (qom-list, qom-get, qom-set) and shown by the monitor (info pinning).
 * Nothing is kept here that the kernel knows better: every read asks it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qemu/error-report.h"
#include "qemu/option.h"
#include "hw/boards.h"
#include "hw/core/cpu.h"
#include "hw/qdev-core.h"
#include "monitor/monitor.h"
#include "sysemu/iothread.h"
#include "pinning-creation.h"
#include "pinning-options.h"
#include "pinning-tree.h"

#define TYPE_PINNED_THREAD "pinned-thread"
OBJECT_DECLARE_SIMPLE_TYPE(PinnedThread, PINNED_THREAD)

static Object *tree;

static char *get_affinity(Object *object, Error **errp)
{
    PinnedThread *thread = PINNED_THREAD(object);
    char *message, *list, *copy;
    vcpupin_cpus *cpus;

    cpus = vcpupin_cpus_read_affinity(thread->id, &message);
    if (!cpus) {
        pinning_set_error(errp, message);
        return NULL;
    }
    list = vcpupin_cpus_format(cpus);
    vcpupin_cpus_free(cpus);
    copy = g_strdup(list);
    free(list);
    return copy;
}

/* May every thread of this process run there? */
static bool check_cpus(const vcpupin_cpus *cpus, char **message)
{
    vcpupin_host *host = vcpupin_host_read(NULL, message);
    bool ok = host && vcpupin_host_check(host, cpus, message);

    vcpupin_host_free(host);
    return ok;
}

static bool move(PinnedThread *thread, const vcpupin_cpus *cpus, char **message)
{
    g_autoptr(GArray) others = NULL;

    if (thread->role != ROLE_EMULATOR) {
        return vcpupin_apply_cpus(thread->id, cpus, message);
    }
    others = pinning_tree_pinned_threads();
    return vcpupin_apply_cpus_all(cpus, (const int *)others->data, others->len,
                                  message);
}

/* vCPUs that share one thread share what is asked of it. */
typedef struct Asking {
    uint64_t id;
    const vcpupin_cpus *cpus;
} Asking;

static int ask_of_thread(Object *child, void *opaque)
{
    PinnedThread *thread = PINNED_THREAD(child);
    Asking *asking = opaque;
    char *message;

    if (thread->id == asking->id) {
        vcpupin_cpus_free(thread->asked);
        thread->asked = vcpupin_cpus_copy(asking->cpus, &message);
        if (!thread->asked) {
            pinning_set_error(&error_fatal, message);
        }
        thread->option = NULL;
    }
    return 0;
}

static void set_affinity(Object *object, const char *value, Error **errp)
{
    PinnedThread *thread = PINNED_THREAD(object);
    vcpupin_cpus *cpus;
    char *message;

    if (pinning_is_sandboxed()) {
        error_setg(errp, "pins cannot be changed: QEMU was started with "
                   "-sandbox resourcecontrol=deny");
        return;
    }
    pinning_ensure_emulator_context();
    cpus = vcpupin_cpus_parse(value, &message);
    if (cpus && check_cpus(cpus, &message) && move(thread, cpus, &message)) {
        Asking asking = { thread->id, cpus };

        thread->pinned = true;
        object_child_foreach(tree, ask_of_thread, &asking);
    } else {
        pinning_set_error(errp, message);
    }
    vcpupin_cpus_free(cpus);
}

static bool read_sched(Object *object, vcpupin_sched *sched, Error **errp)
{
    char *message;

    if (!vcpupin_sched_read(PINNED_THREAD(object)->id, sched, &message)) {
        pinning_set_error(errp, message);
        return false;
    }
    return true;
}

static char *get_policy(Object *object, Error **errp)
{
    vcpupin_sched sched;

    return read_sched(object, &sched, errp)
           ? g_strdup(vcpupin_policy_name(sched.policy)) : NULL;
}

static void get_priority(Object *object, Visitor *visitor, const char *name,
                         void *opaque, Error **errp)
{
    vcpupin_sched sched;
    int64_t priority;

    if (read_sched(object, &sched, errp)) {
        priority = sched.priority;
        visit_type_int(visitor, name, &priority, errp);
    }
}

static void pinned_thread_init(Object *object)
{
    object_property_add_str(object, "affinity", get_affinity, set_affinity);
    object_property_add_uint64_ptr(object, "thread-id",
                                   &PINNED_THREAD(object)->id,
                                   OBJ_PROP_FLAG_READ);
    object_property_add_str(object, "policy", get_policy, NULL);
    object_property_add(object, "priority", "int", get_priority, NULL, NULL,
                        NULL);
}

static void pinned_thread_finalize(Object *object)
{
    vcpupin_cpus_free(PINNED_THREAD(object)->asked);
}

static const TypeInfo pinned_thread_type = {
    .name = TYPE_PINNED_THREAD,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(PinnedThread),
    .instance_init = pinned_thread_init,
    .instance_finalize = pinned_thread_finalize,
};

static void register_types(void)
{
    type_register_static(&pinned_thread_type);
}

type_init(register_types);

/* One of the tree's children; NULL: it has none of that owner. */
typedef struct Search {
    Object *owner;
    Object *found;
} Search;

static int look_at(Object *child, void *opaque)
{
    Search *search = opaque;

    search->found = PINNED_THREAD(child)->owner == search->owner ? child : NULL;
    return search->found != NULL;
}

static void remove_thread(Object *owner)
{
    Search search = { .owner = owner };

    if (tree && object_child_foreach(tree, look_at, &search)) {
        object_unparent(search.found);
    }
}

/* @pin: what @option asks for. */
static void add_thread(PinnedRole role, Object *owner, int id, bool pinned,
                       const char *name, const vcpupin_pin *pin,
                       QemuOpts *option)
{
    PinnedThread *thread = PINNED_THREAD(object_new(TYPE_PINNED_THREAD));
    Asking asking = { id };

    thread->role = role;
    thread->owner = owner;
    thread->id = id;
    thread->pinned = pinned;
    if (option) {
        asking.cpus = vcpupin_pin_cpus(pin);
        ask_of_thread(OBJECT(thread), &asking);
        thread->option = option;
        thread->asked_sched = qemu_opt_get(option, "sched")
                              ? vcpupin_pin_sched(pin) : NULL;
    }
    object_property_add_child(tree, name, OBJECT(thread));
    object_unref(OBJECT(thread));
}

void pinning_tree_add_iothread(Object *iothread)
{
    const char *id = object_get_canonical_path_component(iothread);
    const vcpupin_pin *pin = pinning_iothread_pin(id);
    g_autofree char *name = g_strdup_printf("iothread[%s]", id);

    /* Iothreads that exist before the tree are added when it is made. */
    if (tree) {
        add_thread(ROLE_IOTHREAD, iothread, IOTHREAD(iothread)->thread_id,
                   pin != NULL, name, pin, pinning_iothread_option(id));
    }
}

void pinning_tree_remove_iothread(Object *iothread)
{
    remove_thread(iothread);
}

static void device_comes(DeviceListener *listener, DeviceState *device)
{
    g_autofree char *name = NULL;
    CPUState *cpu;

    if (object_dynamic_cast(OBJECT(device), TYPE_CPU)) {
        cpu = CPU(device);
        name = g_strdup_printf("vcpu[%d]", cpu->cpu_index);
        add_thread(ROLE_VCPU, OBJECT(cpu), cpu->thread_id, true, name,
                   pinning_vcpu_pin(cpu->cpu_index),
                   pinning_vcpu_option(cpu->cpu_index));
    }
}

static void device_goes(DeviceListener *listener, DeviceState *device)
{
    remove_thread(OBJECT(device));
}

static DeviceListener devices = {
    .realize = device_comes,
    .unrealize = device_goes,
};

static int add_if_pinned(Object *child, void *opaque)
{
    PinnedThread *thread = PINNED_THREAD(child);
    int id = thread->id;

    if (thread->pinned && thread->role != ROLE_EMULATOR) {
        g_array_append_val((GArray *)opaque, id);
    }
    return 0;
}

GArray *pinning_tree_pinned_threads(void)
{
    GArray *threads = g_array_new(FALSE, FALSE, sizeof(int));

    object_child_foreach(tree, add_if_pinned, threads);
    return threads;
}

static int collect(Object *child, void *opaque)
{
    g_ptr_array_add(opaque, child);
    return 0;
}

static gint compare(gconstpointer a, gconstpointer b)
{
    PinnedThread *left = *(PinnedThread **)a, *right = *(PinnedThread **)b;

    if (left->role != right->role) {
        return left->role - right->role;
    }
    if (left->role == ROLE_VCPU) {
        return CPU(left->owner)->cpu_index - CPU(right->owner)->cpu_index;
    }
    return strcmp(object_get_canonical_path_component(OBJECT(left)),
                  object_get_canonical_path_component(OBJECT(right)));
}

static void print(gpointer child, gpointer monitor)
{
    g_autofree char *affinity = get_affinity(child, NULL);
    g_autofree char *policy = get_policy(child, NULL);
    vcpupin_sched sched = { 0 };

    read_sched(child, &sched, NULL);
    monitor_printf(monitor, "%-20s %8" PRIu64 "  %-7s %8d  %s\n",
                   object_get_canonical_path_component(child),
                   PINNED_THREAD(child)->id, policy ? policy : "?",
                   sched.priority, affinity ? affinity : "?");
}

GPtrArray *pinning_tree_threads(void)
{
    GPtrArray *threads = g_ptr_array_new();

    object_child_foreach(tree, collect, threads);
    g_ptr_array_sort(threads, compare);
    return threads;
}

/* info pinning */
static void print_tree(Monitor *monitor, const QDict *arguments)
{
    g_autoptr(GPtrArray) threads = pinning_tree_threads();

    monitor_printf(monitor, "%-20s %8s  %-7s %8s  %s\n", "role", "thread",
                   "policy", "priority", "affinity");
    g_ptr_array_foreach(threads, print, monitor);
}

void pinning_tree_create(MachineState *machine)
{
    tree = object_new("container");
    object_property_add_child(OBJECT(machine), "pinning", tree);
    object_unref(tree);
    add_thread(ROLE_EMULATOR, NULL, qemu_get_thread_id(), true, "emulator",
               pinning_emulator_pin(), pinning_emulator_option());
    device_listener_register(&devices);
    monitor_register_hmp("pinning", true, print_tree);
}
