/*
 * The assignment problem: each of several tasks gets a place of its own, at the least cost.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_ASSIGNMENT_H
#define QEMU_PIN_ASSIGNMENT_H

#include <cstdint>
#include <optional>
#include <vector>

namespace qemu_pin {

/* What cannot be. Costs that can be stay below. */
inline constexpr std::int64_t impossible = std::int64_t{1} << 58;

struct Assignment {
  std::vector<std::size_t> place; /* of each task */
  std::int64_t cost;
};

/* cost[task][place]; each row has as many places. Nothing if not all tasks have a possible place
 * of their own. The Hungarian method: tasks squared times places. */
std::optional<Assignment> assign(const std::vector<std::vector<std::int64_t>> &cost);

} // namespace qemu_pin

#endif
