/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu_set.h"

#include "procfs.h"

#include <cstdlib>
#include <fmt/ranges.h>
#include <memory>

namespace qemu_pin {

Result<CpuSet> read_cpu_set(const std::string &list) {
  auto cpus = parse_cpus(list);
  if (!cpus)
    return cpus.error();
  return cpu_set(cpus->get());
}

CpuSet cpu_set(const vcpupin_cpus *cpus) {
  CpuSet set;
  const std::size_t count = vcpupin_cpus_count(cpus);
  for (unsigned cpu = 0; set.size() < count; ++cpu)
    if (vcpupin_cpus_contains(cpus, cpu))
      set.insert(set.end(), cpu);
  return set;
}

std::string cpu_list(const CpuSet &cpus) {
  if (cpus.empty())
    return "";
  auto parsed = parse_cpus(fmt::format("{}", fmt::join(cpus, ",")));
  if (!parsed)
    return "";
  std::unique_ptr<char, decltype(&std::free)> text(vcpupin_cpus_format(parsed->get()), &std::free);
  return text ? text.get() : "";
}

} // namespace qemu_pin
