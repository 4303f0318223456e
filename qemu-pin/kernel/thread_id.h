/*
 * One thread, or a process by its main thread, for as long as the host runs: the kernel uses an
 * id again, but not with the same start time. No process is named: the kernel takes the ids of
 * all threads from one space, and /proc finds each of them by its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_THREAD_ID_H
#define QEMU_PIN_THREAD_ID_H

#include <compare>
#include <cstdint>
#include <sys/types.h>

namespace qemu_pin {

struct ThreadId {
  pid_t id;
  std::uint64_t start_time; /* clock ticks since boot: field 22 of stat, see proc(5) */

  auto operator<=>(const ThreadId &) const = default;
};

} // namespace qemu_pin

#endif
