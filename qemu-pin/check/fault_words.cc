/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/fault_words.h"

#include "plan/host_line.h"

#include <fmt/format.h>

namespace qemu_pin {

std::string joined(const std::vector<std::string> &texts, const char *between) {
  return fmt::format("{}", fmt::join(texts, between));
}

std::string first_of(const std::vector<std::string> &texts) {
  constexpr std::size_t few = 8;
  if (texts.size() <= few)
    return joined(texts, ", ");
  return joined({texts.begin(), texts.begin() + few}, ", ") + ", ...";
}

std::string vcpus_are(const CpuSet &vcpus) {
  return fmt::format("vCPU{} {} {}", vcpus.size() == 1 ? "" : "s", cpu_list(vcpus),
                     vcpus.size() == 1 ? "is" : "are");
}

std::string short_kind_name(const Topology &topology, unsigned kind) {
  const std::string known = known_as(topology, kind);
  if (known.empty())
    return kind_name(topology, kind);
  return topology.is_arm ? known + " core" : known;
}

} // namespace qemu_pin
