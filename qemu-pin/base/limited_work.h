/*
 * Work on a foreign file that may crash a library, loop, or take all memory: done in a child
 * process that the kernel limits.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_LIMITED_WORK_H
#define QEMU_PIN_LIMITED_WORK_H

#include "base/result.h"

#include <cstddef>
#include <functional>
#include <string>

namespace qemu_pin {

struct WorkLimits {
  std::size_t memory; /* bytes of address space, beyond what this process has */
  unsigned cpu_ms;    /* milliseconds on a CPU */
  unsigned ms;        /* milliseconds in all: the work may wait for what never comes */
};

/* What work returns, in a child process. Fails as work does, with the number 0. When the work
 * crashes, the number is EFAULT; when it reaches a limit, ENOMEM or ETIME. The message then is
 * about it: "it takes more than 700 ms". */
Result<std::string> do_limited(const std::function<Result<std::string>()> &work,
                               const WorkLimits &limits);

} // namespace qemu_pin

#endif
