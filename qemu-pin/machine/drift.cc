/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/drift.h"

#include "base/printable.h"
#include "kernel/cpuset_group.h"
#include "machine/pin_targets.h"

#include <algorithm>

namespace qemu_pin {

namespace {

std::string host_cpus(const CpuSet &cpus) {
  return (cpus.size() == 1 ? "host CPU " : "host CPUs ") + cpu_list(cpus);
}

class Finder {
public:
  Finder(const PinTargets &targets, const AskedPins &asked, const QemuProcess &process)
      : targets_(targets), asked_(asked), host_(process.host()) {
    if (auto pin = read_pin(process.id()))
      main_ = *pin;
  }

  std::vector<Drift> run() {
    for (const PinTarget &target : targets_.found)
      compare(target);
    for (const unsigned vcpu : targets_.missing_vcpus)
      found_.push_back({std::nullopt, "vcpu " + std::to_string(vcpu),
                        host_cpus(asked_.vcpus.at(vcpu).cpus), "no such vCPU", "not plugged"});
    for (const std::string &id : targets_.missing_iothreads)
      found_.push_back({std::nullopt, "iothread " + printable(id),
                        host_cpus(asked_.iothreads.at(id).cpus), "no such iothread",
                        "removed, or never added"});
    if (!asked_.emulator)
      find_strays();
    return std::move(found_);
  }

private:
  static std::string words(const CpuSet &cpus, const std::optional<Sched> &sched) {
    std::string text = cpus.empty() ? "" : host_cpus(cpus);
    if (sched)
      text += (text.empty() ? "" : ", ") + sched_name(*sched);
    return text;
  }

  void compare(const PinTarget &target) {
    auto pin = read_pin(target.thread.id);
    if (!pin)
      return; /* it has ended */
    const AskedPin &asked = target.asked;
    const bool cpus_differ = !asked.cpus.empty() && pin->cpus != asked.cpus;
    const bool sched_differs = asked.sched && pin->sched != *asked.sched;
    if (!cpus_differ && !sched_differs)
      return;
    const bool by_name = asked.sched.has_value();
    found_.push_back({target.thread, target.thread.role_text(), words(asked.cpus, asked.sched),
                      words(asked.cpus.empty() ? CpuSet() : pin->cpus,
                            by_name ? std::optional(pin->sched) : std::nullopt),
                      cpus_differ ? cause(target, *pin) : "scheduled anew from outside"});
  }

  std::string cause(const PinTarget &target, const ThreadPin &pin) const {
    const CpuSet &asked = target.asked.cpus;
    if (const CpuSet offline = without(asked, host_.online()); !offline.empty())
      return host_cpus(offline) + (offline.size() == 1 ? " is offline" : " are offline");
    const auto group = cpuset_of(target.thread.id, host_.path(""));
    if (group && !without(asked, group->cpus).empty())
      return "its cpuset " + printable(group->path) + " has only " + host_cpus(group->cpus);
    const std::string vcpu = target.is_emulators ? vcpu_with(pin) : "";
    return vcpu.empty() ? "pinned anew from outside" : "a stray thread with the pin of " + vcpu;
  }

  /* Whose pin that is; "" if no vCPU's, or the emulator's too. */
  std::string vcpu_with(const ThreadPin &pin) const {
    const bool is_emulators = main_ && pin.cpus == main_->cpus;
    for (const auto &[vcpu, asked] : asked_.vcpus)
      if (!is_emulators && pin.cpus == asked.cpus)
        return "vcpu " + std::to_string(vcpu);
    return "";
  }

  /* Where nothing is asked of the emulator, its threads may be anywhere but there. */
  void find_strays() {
    for (const MachineThread &thread : targets_.threads) {
      const bool is_asked =
          std::any_of(targets_.found.begin(), targets_.found.end(),
                      [&](const PinTarget &target) { return target.thread.id == thread.id; });
      if (is_asked || thread.role == Role::vcpu || thread.role == Role::iothread ||
          thread.role == Role::context)
        continue;
      auto pin = read_pin(thread.id);
      const std::string vcpu = pin ? vcpu_with(*pin) : "";
      if (!vcpu.empty())
        found_.push_back({thread, thread.role_text(), "not where " + vcpu + " is",
                          words(pin->cpus, {}), "a stray thread with the pin of " + vcpu});
    }
  }

  const PinTargets &targets_;
  const AskedPins &asked_;
  const Host &host_;
  std::optional<ThreadPin> main_;
  std::vector<Drift> found_;
};

} // namespace

std::string Drift::text() const {
  return role + (thread ? " (thread " + std::to_string(thread->id) + ")" : "") + ": asked " +
         asked + ", found " + found + ": " + cause;
}

Result<std::vector<Drift>> find_drifts(Machine &machine, const AskedPins &asked) {
  auto targets = find_targets(machine, asked);
  if (!targets)
    return targets.error();
  return Finder(*targets, asked, machine.process()).run();
}

} // namespace qemu_pin
