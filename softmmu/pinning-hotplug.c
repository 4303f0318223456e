/*
 * vCPUs that come and go while the machine runs.
 *
 * A pin that cannot hold any more is no reason to end a running machine: it is
 * tried before the vCPU is made. And where QEMU may not give a thread its pin any
 * more, because of the sandbox or because it has become another user, a thread
 * that may sleeps for as long as the vCPU is away.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/boards.h"
#include "hw/core/cpu.h"
#include "sysemu/sysemu.h"
#include "vcpu-pinning-internal.h"

/* Whether a thread with @pin may still come. */
static bool is_needed(const vcpupin_pin *pin)
{
    MachineState *machine = MACHINE(qdev_get_machine());

    for (unsigned vcpu = 0; vcpu < machine->smp.max_cpus; vcpu++) {
        const vcpupin_pin *own = pinning_vcpu_pin(vcpu);

        if (own && vcpupin_pin_equal(own, pin) && !qemu_get_cpu(vcpu)) {
            return true;
        }
    }
    return pinning_is_for_an_absent_iothread(pin);
}

void pinning_thread_has_come(void)
{
    if (phase_check(PHASE_MACHINE_READY)) {
        pinning_end_nurseries(is_needed);
    }
}

static void machine_is_done(Notifier *notifier, void *opaque)
{
    pinning_end_nurseries(is_needed);
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

/* The last place where a vCPU can still not come: once its thread is there, a
 * failure is QEMU's end. */
static void pre_plug(HotplugHandler *handler, DeviceState *device, Error **errp)
{
    const vcpupin_pin *pin;
    ERRP_GUARD();

    if (machine_pre_plug) {
        machine_pre_plug(handler, device, errp);
    }
    pin = *errp || !device->hotplugged ? NULL : pin_of_device(device);
    if (pin && !pinning_try(pin, errp)) {
        error_prepend(errp, "vCPU %d: ", CPU(device)->cpu_index);
    }
}

static void make_nursery(CPUState *cpu, run_on_cpu_data data)
{
    pinning_make_nursery(data.host_ptr);
}

/* The thread that goes leaves behind what the next one can be born of. */
static void unplug(HotplugHandler *handler, DeviceState *device, Error **errp)
{
    const vcpupin_pin *pin = pin_of_device(device);

    if (pin && pinning_is_hard_to_repeat(pin)) {
        run_on_cpu(CPU(device), make_nursery,
                   RUN_ON_CPU_HOST_PTR((void *)pin));
    }
    machine_unplug(handler, device, errp);
}

static void make_nurseries(MachineState *machine)
{
    for (unsigned vcpu = machine->smp.cpus; vcpu < machine->smp.max_cpus; vcpu++) {
        const vcpupin_pin *pin = pinning_vcpu_pin(vcpu);

        if (pin && pinning_is_hard_to_repeat(pin)) {
            pinning_make_vcpu_nursery(vcpu);
        }
    }
}

void pinning_watch_hotplug(MachineState *machine)
{
    HotplugHandlerClass *handler;

    make_nurseries(machine);
    qemu_add_machine_init_done_notifier(&machine_done);
    if (object_dynamic_cast(OBJECT(machine), TYPE_HOTPLUG_HANDLER)) {
        handler = HOTPLUG_HANDLER_GET_CLASS(machine);
        machine_pre_plug = handler->pre_plug;
        handler->pre_plug = pre_plug;
        machine_unplug = handler->unplug;
        handler->unplug = handler->unplug ? unplug : NULL;
    }
}
