/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/thread_pin.h"

#include <memory>

namespace qemu_pin {

namespace {

using Pin = std::unique_ptr<vcpupin_pin, decltype(&vcpupin_pin_free)>;

} // namespace

Result<Sched> read_sched(const std::string &policy, const std::optional<std::string> &priority) {
  Sched sched{};
  char *message = nullptr;
  if (!vcpupin_sched_parse(policy.c_str(), priority ? priority->c_str() : nullptr, &sched,
                           &message))
    return library_error(message);
  return sched;
}

std::string sched_name(const Sched &sched) {
  std::string name = vcpupin_policy_name(sched.policy);
  if (sched.priority)
    name += " " + std::to_string(sched.priority);
  return name;
}

Result<ThreadPin> read_pin(pid_t thread) {
  char *message = nullptr;
  const Pin pin(vcpupin_pin_read(thread, &message), &vcpupin_pin_free);
  if (!pin)
    return library_error(message);
  return ThreadPin{CpuSet::copy_of(vcpupin_pin_cpus(pin.get())),
                   Sched{*vcpupin_pin_sched(pin.get())}};
}

std::optional<CpuSet> allowed_cpus(pid_t thread) {
  vcpupin_cpus *cpus = vcpupin_cpus_read_affinity(thread, nullptr);
  return cpus ? std::optional(CpuSet(cpus)) : std::nullopt;
}

Result<> apply_pin(pid_t thread, const ThreadPin &pin) {
  const Pin asked(vcpupin_pin_new(pin.cpus.get(), pin.sched), &vcpupin_pin_free);
  char *message = nullptr;
  if (!asked || !vcpupin_apply(thread, asked.get(), &message))
    return library_error(message);
  return {};
}

Result<> apply_cpus(pid_t thread, const CpuSet &cpus) {
  char *message = nullptr;
  if (!vcpupin_apply_cpus(thread, cpus.get(), &message))
    return library_error(message);
  return {};
}

} // namespace qemu_pin
