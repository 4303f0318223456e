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

std::optional<Error> apply_pin(int thread, const Pin &asked) {
  Result<Sched> sched = read_sched(thread);
  if (!sched)
    return sched.error();
  /* Nothing can fail then once the mask is set, and nothing need be kept. */
  if (*sched == asked.sched)
    return apply_affinity(thread, asked.cpus);
  Result<CpuSet> former = read_affinity(thread);
  if (!former)
    return former.error();
  if (auto failure = apply_affinity(thread, asked.cpus))
    return failure;
  if (auto failure = apply_sched(thread, asked.sched)) {
    if (auto stuck = apply_affinity(thread, *former))
      failure->message += "; " + stuck->message;
    return failure;
  }
  return std::nullopt;
}

std::string name_pin(const Pin &pin) {
  std::string name = "host " + name_cpus(pin.cpus);
  if (pin.sched.real_time())
    name += " as " + name_sched(pin.sched);
  return name;
}

} // namespace vcpupin
