/*
 * Two host CPUs to measure on, whatever the host has: so that four vCPUs outnumber them, and
 * "not pinned" means the same everywhere.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_TWO_CPUS_H
#define BENCH_TWO_CPUS_H

#include "base/result.h"

#include <array>

namespace bench {

/* From now on this thread, and whatever it starts, may use only the first two of the host
 * CPUs that it may use now. Fails when there is but one. */
qemu_pin::Result<std::array<unsigned, 2>> keep_to_two_cpus();

} // namespace bench

#endif
