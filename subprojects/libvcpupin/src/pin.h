/*
 * A pin: the host CPUs of a thread, and how it is scheduled.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VCPUPIN_PIN_H
#define VCPUPIN_PIN_H

#include "cpu_set.h"
#include "sched.h"
#include "vcpupin-result.h"

#include <optional>
#include <string>

struct vcpupin_pin {
  bool operator==(const vcpupin_pin &) const = default;

  vcpupin::CpuSet cpus;
  vcpupin::Sched sched;
};

namespace vcpupin {
using Pin = ::vcpupin_pin;

Result<Pin> read_pin(int thread);

/* See vcpupin_apply. */
Result<> apply_pin(int thread, const Pin &asked);

/* For a message: "host CPUs 0-1", "host CPU 2 as fifo, priority 1". The policy is
 * named only where it is a real-time one. */
std::string name_pin(const Pin &pin);

} // namespace vcpupin

#endif
