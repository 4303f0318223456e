/*
 * What machine the figures are of.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_CORE_HOST_FACTS_H
#define BENCH_CORE_HOST_FACTS_H

#include "base/json.h"

#include <string>

namespace bench {

/* cpu, cpus (online), memory_gib, kernel, hypervisor ("none", or what /proc/cpuinfo's flag
 * says: "yes"), system, date (UTC, ISO 8601), commit (of this tree; "+" when changed). What
 * cannot be read is "unknown". */
nlohmann::json host_facts();

/* The first line that `program --version` prints, or "missing". */
std::string version_of(const std::string &program);

} // namespace bench

#endif
