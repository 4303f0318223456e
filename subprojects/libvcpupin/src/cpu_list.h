/*
 * CPU lists, the text of a CpuSet. The notation is described in vcpupin.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VCPUPIN_CPU_LIST_H
#define VCPUPIN_CPU_LIST_H

#include "cpu_set.h"
#include "vcpupin-result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vcpupin {

/* Never returns an empty set: a list that names no CPU is an error. */
Result<CpuSet> parse_cpu_list(std::string_view list);

std::string format_cpu_list(const CpuSet &cpus);

/* Says that a CPU's number is above VCPUPIN_CPU_MAX. */
Error out_of_range(std::string_view cpu);

/* A set as a noun for a message: "CPU 3", "CPUs 0-3,8", "no CPUs". */
std::string name_cpus(const CpuSet &cpus);

/* A number of decimal digits and nothing else. One that does not fit is the
 * largest that does, for the caller to find out of its range. */
std::optional<std::uint64_t> parse_number(std::string_view text);

} // namespace vcpupin

#endif
