/*
 * The options -vcpu, -iothreadpin and -emulatorpin, and the one table of the pins
 * that they ask for. The other files of native pinning stand on this one.
 *
 * Functions are for the main thread with the big lock held, unless they say
 * otherwise. Pins, options and strings that they return are borrowed, and stay
 * valid until QEMU ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef PINNING_OPTIONS_H
#define PINNING_OPTIONS_H

#include "qemu/error-report.h"
#include "vcpupin.h"

/* Turns a message of the library into an Error, and frees it. NULL means that
 * memory is exhausted. Any thread. */
void pinning_set_error(Error **errp, char *message);

/* Makes the options known to QEMU. */
void pinning_options_add(void);

/* Takes the value of one option; @option is its name without the dash. Exits with
 * status 1 on an unknown key, and prints help if @value asks for it. */
void pinning_options_parse(const char *option, const char *value);

/*
 * Reads the options into a first table, before the sandbox and before the machine
 * is known. The table has no vCPU then, except under a sandbox that denies pinning.
 * An invalid value ends QEMU.
 */
void pinning_options_read(void);

/* Whether any option was given. False before they are read. */
bool pinning_is_asked_for(void);

/*
 * Reads them again, for a machine with vCPUs 0 to @max_vcpus - 1, which may
 * @share_thread, and prints the warnings. To be called if any option was given. An
 * option that does not fit the machine ends QEMU.
 */
void pinning_options_read_for_machine(unsigned max_vcpus, bool share_thread);

/* The pins asked for; NULL: none. Any thread. */
const vcpupin_pin *pinning_vcpu_pin(unsigned vcpu);
const vcpupin_pin *pinning_iothread_pin(const char *id);
const vcpupin_pin *pinning_emulator_pin(void);

/* What QEMU was started with; NULL: no option was given. */
const vcpupin_pin *pinning_start_pin(void);

/* The options that ask for these pins; NULL: none. Any thread. */
QemuOpts *pinning_vcpu_option(unsigned vcpu);
QemuOpts *pinning_iothread_option(const char *id);
QemuOpts *pinning_emulator_option(void);

/* From here on errors are led by @option, or by none, until loc_pop(). Any thread. */
void pinning_push_option(Location *location, QemuOpts *option);

/* Calls @fn with each vCPU number that has an option. */
void pinning_for_each_vcpu(void (*fn)(unsigned vcpu));

/* Calls @fn with the ID of each -iothreadpin, until it returns false. Its errors are
 * led by the option. Returns what the last call returned; true: there was none. */
bool pinning_for_each_iothread(bool (*fn)(const char *id, Error **errp),
                               Error **errp);

/* Whether the sandbox denies QEMU every change of a pin. */
bool pinning_is_sandboxed(void);

/* Whether the kernel may refuse @pin once the machine runs, although it allows it
 * while the machine is made: the sandbox is on by then, or QEMU is another user. */
bool pinning_may_be_refused_later(const vcpupin_pin *pin);

/* Whether @object is an iothread of the user's. QEMU has some of its own, which have
 * the emulator's pin. */
bool pinning_is_iothread(Object *object);

/* Whether @pin is for a vCPU or an iothread that does not exist now. */
bool pinning_is_for_an_absent_thread(const vcpupin_pin *pin);

#endif
