/*
 * What machine the figures are of.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_CORE_HOST_FACTS_H
#define BENCH_CORE_HOST_FACTS_H

#include <map>
#include <string>
#include <variant>

namespace bench {

using Facts = std::map<std::string, std::variant<std::string, long, double>>;

/* cpu, cpus (online), memory_gib, kernel, hypervisor ("none", or what /proc/cpuinfo's flag
 * says: "yes"), system, date (UTC, ISO 8601), commit (of this tree; "+" when changed). What
 * cannot be read is "unknown". */
Facts host_facts();

/* The first line that `program --version` prints, or "missing". */
std::string version_of(const std::string &program);

} // namespace bench

#endif
