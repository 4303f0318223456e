/*
 * The threads of this process, by the kernel's list of them. They come and go
 * while it is read; one that is gone is no error.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VCPUPIN_PROCESS_H
#define VCPUPIN_PROCESS_H

#include "pin.h"
#include "vcpupin-result.h"

#include <cstddef>
#include <optional>
#include <span>

namespace vcpupin {

/* See vcpupin_apply_all. Without sched the scheduling stays as it is. */
Result<> apply_all(const CpuSet &cpus, const std::optional<Sched> &sched,
                   std::span<const int> except);

/* How many were moved. See vcpupin_collect_strays. */
Result<std::size_t> collect_strays(const Pin &emulator, std::span<const int> pinned);

} // namespace vcpupin

#endif
