/*
 * The pin options that a running QEMU was started with: on its command line, or,
 * where `qemu-pin run` took them out of it, in its environment.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_ASKED_OPTIONS_H
#define QEMU_PIN_ASKED_OPTIONS_H

#include "machine/qemu_process.h"
#include "pins/pin_options.h"

#include <string>
#include <vector>

namespace qemu_pin {

/* The environment variable by which `run` leaves word: an option or a value a line. */
constexpr const char *asked_variable = "QEMU_PIN_OPTIONS";

/* Its value for these options. */
std::string asked_value(const std::vector<PinOption> &options);

/* Empty if it was started with none. Fails on options that cannot be read, and where
 * the environment may not be read. */
Result<std::vector<PinOption>> asked_options(const QemuProcess &process);

} // namespace qemu_pin

#endif
