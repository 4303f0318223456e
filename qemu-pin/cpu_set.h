/*
 * Sets of host CPUs while a plan is made, and their text. Reading and writing CPU
 * lists is libvcpupin's; here are only the ways there and back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CPU_SET_H
#define QEMU_PIN_CPU_SET_H

#include "result.h"

#include <set>
#include <string>
#include <vcpupin.h>

namespace qemu_pin {

/* Host CPUs, as Linux numbers them. */
using CpuSet = std::set<unsigned>;

/* From a CPU list; the message is libvcpupin's. */
Result<CpuSet> read_cpu_set(const std::string &list);

/* From the library's own. */
CpuSet cpu_set(const vcpupin_cpus *cpus);

/* "0-3,8"; "" for none. */
std::string cpu_list(const CpuSet &cpus);

} // namespace qemu_pin

#endif
