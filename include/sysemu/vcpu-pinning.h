/*
 * Native vCPU pinning: all that the hooks in QEMU's own files see of it.
 *
 * Each function is one hook. Without -vcpu none of them changes anything.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSEMU_VCPU_PINNING_H
#define SYSEMU_VCPU_PINNING_H

/* Makes -vcpu known, before the command line is read. */
void vcpu_pinning_add_options(void);

/*
 * Takes the value of one -vcpu. Exits with status 1 on a key that -vcpu does
 * not have; what the values mean is checked by vcpu_pinning_prepare().
 */
void vcpu_pinning_parse_option(const char *value);

/*
 * Checks every -vcpu against the machine and the host. To be called where the
 * largest number of vCPUs and the accelerator are final and no vCPU exists yet.
 * Exits with status 1 and one line on standard error when a pin cannot hold.
 */
void vcpu_pinning_prepare(MachineState *machine);

/*
 * Gives the calling thread the host CPUs of @cpu. To be called first of all in
 * a vCPU thread, with the big lock held, before the accelerator makes the vCPU.
 * Exits with status 1 when the kernel refuses.
 */
void vcpu_pinning_thread_starts(CPUState *cpu);

#endif
