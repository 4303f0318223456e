/*
 * Native pinning: all that the hooks in QEMU's own files see of it.
 *
 * Each function is one hook. Without -vcpu, -iothreadpin and -emulatorpin no
 * thread's affinity or scheduling is touched until a user writes to
 * /machine/pinning.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSEMU_VCPU_PINNING_H
#define SYSEMU_VCPU_PINNING_H

/* Makes the options known, before the command line is read. */
void vcpu_pinning_add_options(void);

/*
 * Takes one option's value; @option is its name without the dash. Exits with
 * status 1 on a key that it does not have; what the values mean is checked later.
 */
void vcpu_pinning_parse_option(const char *option, const char *value);

/*
 * Pins the threads that exist, and makes what a sandbox would not allow later.
 * To be called when all options are read, before the sandbox, in the main thread.
 * Exits with status 1 and one line on standard error when a pin cannot hold.
 */
void vcpu_pinning_before_sandbox(void);

/*
 * Checks every pin against the machine and the host, and sets up all that the
 * running machine needs. To be called where the largest number of vCPUs and the
 * accelerator are final, all objects exist, and no vCPU does yet. Exits like the
 * one above.
 */
void vcpu_pinning_prepare(MachineState *machine);

/*
 * Between these two the calling thread creates the thread of @cpu. That thread pins
 * itself before all else, and ends QEMU with status 1 when the kernel refuses.
 */
void vcpu_pinning_creation_begins(CPUState *cpu);
void vcpu_pinning_creation_ends(void);

#endif
