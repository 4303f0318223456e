/*
 * What a subcommand is to main.cc: it adds itself to the program's arguments, and
 * when it is the one that was called, does its work and says how it ended.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_SUBCOMMAND_H
#define QEMU_PIN_SUBCOMMAND_H

#include "commands/command_line.h"

#include <string>
#include <vector>

namespace qemu_pin {

/* Exit status: done or as planned, not as planned, usage or trouble. */
enum Status { done = 0, not_as_planned = 1, trouble = 2 };

/* What follows "--" on the command line, or "vfio-isolate". */
using Tail = std::vector<std::string>;

/* Each adds one subcommand, which sets status when it is called. */
void add_plan(Program &program, int &status);
void add_check(Program &program, int &status, const Tail &tail);
void add_host(Program &program, int &status);
void add_show(Program &program, int &status);
void add_verify(Program &program, int &status, const Tail &tail);
void add_set(Program &program, int &status);
void add_run(Program &program, int &status, const Tail &tail);
void add_isolate(Program &program, int &status);
void add_restore(Program &program, int &status);
void add_vfio_isolate(Program &program, int &status, const Tail &tail);

/* "qemu-pin: MESSAGE" on standard error; returns trouble. */
int report(const std::string &message);

} // namespace qemu_pin

#endif
