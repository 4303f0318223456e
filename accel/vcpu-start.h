/*
 * What a vCPU thread does first.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef ACCEL_VCPU_START_H
#define ACCEL_VCPU_START_H

/* To be called with the CPUState by the vCPU's new thread, before all else: pins
 * the thread. Ends QEMU with status 1 when the kernel refuses the pin. */
void vcpu_start(void *cpu);

#endif
