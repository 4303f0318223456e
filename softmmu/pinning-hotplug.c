/*
 * vCPUs that are plugged and unplugged while the machine runs.
 *
 * A pin that cannot hold any more is no reason to end a running machine: it is
 * checked before the vCPU is made. The kernel may refuse a pin later, because of the
 * sandbox or because QEMU has become another user. Then a thread context keeps the
 * pin for as long as the vCPU is absent.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/boards.h"
#include "hw/core/cpu.h"
#include "sysemu/sysemu.h"
#include "pinning-creation.h"
#include "pinning-hotplug.h"
#include "pinning-options.h"

static void device_comes(DeviceListener *listener, DeviceState *device)
{
    if (object_dynamic_cast(OBJECT(device), TYPE_CPU)) {
        pinning_end_unneeded_contexts();
    }
}

static DeviceListener devices = { .realize = device_comes };

static void machine_is_done(Notifier *notifier, void *opaque)
{
    pinning_end_unneeded_contexts();
}

static Notifier machine_done = { .notify = machine_is_done };

static void (*machine_pre_plug)(HotplugHandler *handler, DeviceState *device,
                                Error **errp);
static void (*machine_unplug)(HotplugHandler *handler, DeviceState *device,
                              Error **errp);

static const vcpupin_pin *pin_of_device(DeviceState *device)
{
    return object_dynamic_cast(OBJECT(device), TYPE_CPU)
           ? pinning_vcpu_pin(CPU(device)->cpu_index) : NULL;
}

/* The last place where plugging a vCPU can fail: once its thread exists, a failure
 * ends QEMU. */
static void pre_plug(HotplugHandler *handler, DeviceState *device, Error **errp)
{
    const vcpupin_pin *pin;
    ERRP_GUARD();

    if (machine_pre_plug) {
        machine_pre_plug(handler, device, errp);
    }
    pin = *errp || !device->hotplugged ? NULL : pin_of_device(device);
    if (pin && !pinning_check_pin(pin, errp)) {
        error_prepend(errp, "vCPU %d: ", CPU(device)->cpu_index);
    }
}

static void make_context(CPUState *cpu, run_on_cpu_data data)
{
    pinning_make_context(data.host_ptr);
}

/* Before a vCPU is unplugged, its thread creates a context with its pin: a successor
 * is created from it. */
static void unplug(HotplugHandler *handler, DeviceState *device, Error **errp)
{
    const vcpupin_pin *pin = pin_of_device(device);

    if (pin && pinning_may_be_refused_later(pin)) {
        run_on_cpu(CPU(device), make_context,
                   RUN_ON_CPU_HOST_PTR((void *)pin));
    }
    machine_unplug(handler, device, errp);
}

static void make_contexts(MachineState *machine)
{
    for (unsigned vcpu = machine->smp.cpus; vcpu < machine->smp.max_cpus; vcpu++) {
        const vcpupin_pin *pin = pinning_vcpu_pin(vcpu);

        if (pin && pinning_may_be_refused_later(pin)) {
            pinning_make_vcpu_context(vcpu);
        }
    }
}

void pinning_watch_hotplug(MachineState *machine)
{
    HotplugHandlerClass *handler;

    make_contexts(machine);
    device_listener_register(&devices);
    qemu_add_machine_init_done_notifier(&machine_done);
    if (object_dynamic_cast(OBJECT(machine), TYPE_HOTPLUG_HANDLER)) {
        handler = HOTPLUG_HANDLER_GET_CLASS(machine);
        machine_pre_plug = handler->pre_plug;
        handler->pre_plug = pre_plug;
        machine_unplug = handler->unplug;
        handler->unplug = handler->unplug ? unplug : NULL;
    }
}
