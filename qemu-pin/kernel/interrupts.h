/*
 * How often each interrupt fired on each host CPU.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_INTERRUPTS_H
#define QEMU_PIN_INTERRUPTS_H

#include "base/cpu_set.h"
#include "base/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace qemu_pin {

struct Interrupt {
  std::string label; /* "24", or "LOC" and so on for those without a number */
  std::string name;  /* the rest of its line: controller, pin, devices */
  std::map<unsigned, std::uint64_t> counts; /* by host CPU, since boot; online ones only */
};

/* /proc/interrupts. Fails when it cannot be read, or is not such a table. */
Result<std::vector<Interrupt>> read_interrupts(const std::string &file);

/* Those that fired on one of cpus between two readings, with how often; by label. */
std::vector<Interrupt> fired(const std::vector<Interrupt> &before,
                             const std::vector<Interrupt> &after, const CpuSet &cpus);

} // namespace qemu_pin

#endif
