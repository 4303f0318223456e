/*
 * The host CPUs of a thread and its scheduling, by libvcpupin.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_THREAD_PIN_H
#define QEMU_PIN_THREAD_PIN_H

#include "base/cpu_set.h"
#include "base/result.h"
#include "kernel/procfs.h"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vcpupin.h>

namespace qemu_pin {

struct Sched : vcpupin_sched {
  bool operator==(const Sched &other) const {
    return policy == other.policy && priority == other.priority;
  }
};

/* From the values of sched= and priority=. */
Result<Sched> read_sched(const std::string &policy, const std::optional<std::string> &priority);

/* "other", "fifo 1" */
std::string sched_name(const Sched &sched);

struct ThreadPin {
  CpuSet cpus;
  Sched sched;

  bool operator==(const ThreadPin &) const = default;
};

/* What a thread has now; thread is the kernel's id. */
Result<ThreadPin> read_pin(pid_t thread);

/* Its CPUs alone: one system call. Nothing for a thread that has gone. */
std::optional<CpuSet> allowed_cpus(pid_t thread);

/* Gives a thread its pin. On failure it has what it had. */
Result<> apply_pin(pid_t thread, const ThreadPin &pin);

/* The same for its CPUs alone. */
Result<> apply_cpus(pid_t thread, const CpuSet &cpus);

} // namespace qemu_pin

#endif
