/*
 * A pipe, closed on exec.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PIPE_H
#define QEMU_PIN_PIPE_H

#include "base/fd.h"
#include "base/result.h"

namespace qemu_pin {

struct Pipe {
  Fd reading, writing;
};

Result<Pipe> make_pipe();

/* The same file under a number that is no standard stream's: where those are closed,
 * new files get their numbers. None if that fails (errno). */
Fd above_streams(const Fd &file);

} // namespace qemu_pin

#endif
