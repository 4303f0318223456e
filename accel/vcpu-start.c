/*
 * What a vCPU thread does first: it pins itself, before the accelerator makes the
 * vCPU, so that the kernel's memory for the vCPU is on the right node.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/core/cpu.h"
#include "accel/vcpu-start.h"
#include "softmmu/pinning-creation.h"
#include "softmmu/pinning-options.h"

void vcpu_start(void *opaque)
{
    CPUState *cpu = opaque;

    pinning_start_thread(pinning_vcpu_pin(cpu->cpu_index),
                         pinning_vcpu_option(cpu->cpu_index));
}
