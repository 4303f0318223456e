/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/core_facts.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace qemu_pin {

namespace {

/* Slower than this share of a kind's fastest core is another kind. */
constexpr double alike = 0.85;

/* The faster comes first. */
auto order(const CoreFacts &core) {
  return std::tuple(core.intel, core.intel == IntelClass::atom && !core.has_l3, -core.speed,
                    -core.efficiency, -static_cast<std::int64_t>(core.l1d), core.part,
                    core.shares_l2, core.has_l3, core.threads, -static_cast<std::int64_t>(core.l3),
                    core.l3_cpus);
}

/* Whether a core is of the kind whose fastest core is that one. */
bool is_like(const CoreFacts &core, const CoreFacts &fastest) {
  if (core.intel != fastest.intel || core.part != fastest.part)
    return false;
  if (core.intel == IntelClass::core || core.intel == IntelClass::low_power)
    return true;
  if (core.intel == IntelClass::atom && core.has_l3 != fastest.has_l3)
    return false;
  if (core.intel == IntelClass::unknown) {
    if (core.l1d && fastest.l1d && core.l1d != fastest.l1d)
      return false;
    /* An E-core shares its L2, and has one thread. */
    if (core.shares_l2 != fastest.shares_l2 &&
        (core.speed != fastest.speed || core.threads != fastest.threads))
      return false;
  }
  if (fastest.speed > 0)
    return core.speed == 0 || core.speed >= alike * fastest.speed;
  if (core.l3 && core.l3 < fastest.l3 && core.l3_cpus >= 2 * fastest.l3_cpus)
    return false;
  return core.efficiency == fastest.efficiency;
}

} // namespace

std::vector<unsigned> core_kinds(const std::vector<CoreFacts> &cores) {
  const auto is_before = [](const CoreFacts &a, const CoreFacts &b) { return order(a) < order(b); };
  std::map<CoreFacts, unsigned, decltype(is_before)> kinds(is_before);
  for (const CoreFacts &core : cores)
    kinds.emplace(core, 0);
  const CoreFacts *fastest = nullptr; /* of the kind */
  unsigned next = 0;
  for (auto &[core, kind] : kinds) {
    if (!fastest || !is_like(core, *fastest)) {
      fastest = &core;
      ++next;
    }
    kind = next - 1;
  }
  std::vector<unsigned> of;
  of.reserve(cores.size());
  for (const CoreFacts &core : cores)
    of.push_back(kinds.at(core));
  return of;
}

} // namespace qemu_pin
