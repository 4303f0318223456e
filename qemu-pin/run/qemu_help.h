/*
 * Whether a QEMU has native pinning, by what its -help says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_QEMU_HELP_H
#define QEMU_PIN_QEMU_HELP_H

#include "base/result.h"

#include <chrono>
#include <string>

namespace qemu_pin {

/* Runs it. Fails when it cannot be executed, and when it does not end in time. */
Result<bool> is_patched(const std::string &program, std::chrono::milliseconds timeout);

} // namespace qemu_pin

#endif
