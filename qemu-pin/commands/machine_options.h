/*
 * PID, --qmp, --name and --all: which running machines a subcommand is about.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_MACHINE_OPTIONS_H
#define QEMU_PIN_MACHINE_OPTIONS_H

#include "commands/command_line.h"
#include "machine/machine.h"

#include <memory>

namespace qemu_pin {

struct MachineOptions {
  pid_t process = 0; /* 0: not given */
  std::string qmp, name;
  bool all = false;
};

/* Adds --qmp and --name, as one group; the argument PID, but for subcommands that read
 * their arguments themselves; and --all where several will do. */
void add_machine_options(const Command &subcommand, MachineOptions &options, bool with_process,
                         bool with_all);

/* Takes a PID from the front of a subcommand's arguments, if one is there. Fails when it
 * cannot be together with the other options. */
Result<> take_process(std::vector<std::string> &arguments, MachineOptions &options);

/*
 * The machine that is meant: where no option says which, the only one that runs. Fails
 * when there is none, or several (naming them). One that is not named by its monitor is
 * asked by the sockets of its command line, if its threads have no names.
 */
Result<std::unique_ptr<Machine>> open_machine(const Host &host, const MachineOptions &options);

/* The same for --all: every one that runs; one alone, and its failures, otherwise. */
Result<std::vector<std::unique_ptr<Machine>>> open_machines(const Host &host,
                                                            const MachineOptions &options);

} // namespace qemu_pin

#endif
