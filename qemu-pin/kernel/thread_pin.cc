/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/thread_pin.h"

#include <cstdlib>
#include <memory>

namespace qemu_pin {

namespace {

template <auto Free> struct Freer {
  template <typename T> void operator()(T *object) const { Free(object); }
};
using Pin = std::unique_ptr<vcpupin_pin, Freer<vcpupin_pin_free>>;
using Host = std::unique_ptr<vcpupin_host, Freer<vcpupin_host_free>>;

Error taken(char *message) {
  Error error{message ? message : "out of memory"};
  std::free(message);
  return error;
}

} // namespace

Result<Sched> read_sched(const std::string &policy, const std::optional<std::string> &priority) {
  Sched sched{};
  char *message = nullptr;
  if (!vcpupin_sched_parse(policy.c_str(), priority ? priority->c_str() : nullptr, &sched,
                           &message))
    return taken(message);
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
  const Pin pin(vcpupin_pin_read(thread, &message));
  if (!pin)
    return taken(message);
  return ThreadPin{cpu_set(vcpupin_pin_cpus(pin.get())), Sched{*vcpupin_pin_sched(pin.get())}};
}

Cpus allowed_cpus(pid_t thread) {
  return Cpus(vcpupin_cpus_read_affinity(thread, nullptr));
}

std::optional<Error> apply_pin(pid_t thread, const ThreadPin &pin) {
  auto cpus = parse_cpus(cpu_list(pin.cpus));
  if (!cpus)
    return cpus.error();
  const Pin asked(vcpupin_pin_new(cpus->get(), pin.sched));
  char *message = nullptr;
  if (!asked || !vcpupin_apply(thread, asked.get(), &message))
    return taken(message);
  return std::nullopt;
}

std::optional<Error> apply_cpus(pid_t thread, const CpuSet &cpus) {
  auto parsed = parse_cpus(cpu_list(cpus));
  if (!parsed)
    return parsed.error();
  char *message = nullptr;
  if (!vcpupin_apply_cpus(thread, parsed->get(), &message))
    return taken(message);
  return std::nullopt;
}

std::optional<Error> why_not(const CpuSet &cpus) {
  auto parsed = parse_cpus(cpu_list(cpus));
  if (!parsed)
    return parsed.error();
  char *message = nullptr;
  const Host host(vcpupin_host_read(nullptr, &message));
  if (!host || !vcpupin_host_check(host.get(), parsed->get(), &message))
    return taken(message);
  return std::nullopt;
}

} // namespace qemu_pin
