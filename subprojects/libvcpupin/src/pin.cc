/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pin.h"

#include "affinity.h"
#include "cpu_list.h"

namespace vcpupin {

Result<Pin> read_pin(int thread) {
  Result<CpuSet> cpus = read_affinity(thread);
  if (!cpus)
    return cpus.error();
  Result<Sched> sched = read_sched(thread);
  if (!sched)
    return sched.error();
  return Pin{std::move(*cpus), *sched};
}

Result<> apply_pin(int thread, const Pin &asked) {
  Result<Sched> sched = read_sched(thread);
  if (!sched)
    return sched.error();
  /* Nothing can fail then once the mask is set, and nothing need be kept. */
  if (*sched == asked.sched)
    return apply_affinity(thread, asked.cpus);
  Result<CpuSet> former = read_affinity(thread);
  if (!former)
    return former.error();
  if (auto result = apply_affinity(thread, asked.cpus); !result)
    return result.error();
  if (auto result = apply_sched(thread, asked.sched); !result) {
    if (auto stuck = apply_affinity(thread, *former); !stuck)
      result.error().message += "; " + stuck.error().message;
    return result.error();
  }
  return {};
}

std::string name_pin(const Pin &pin) {
  std::string name = "host " + name_cpus(pin.cpus);
  if (pin.sched.real_time())
    name += " as " + name_sched(pin.sched);
  return name;
}

} // namespace vcpupin
