/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/repin.h"

#include "base/json.h"
#include "base/printable.h"
#include "machine/pin_targets.h"

#include <algorithm>
#include <map>

namespace qemu_pin {

namespace {

/* How often a thread is given its pin before somebody else must be at it too. */
constexpr unsigned most_tries = 3;

bool is_there(const Machine &machine, const ThreadId &thread) {
  return machine.process().host().procfs().has(thread) && machine.process().is_alive();
}

std::string words(const PinChange &change) {
  return change.role + " (thread " + std::to_string(change.thread.id) + ")";
}

/* "0-3" for {0,1,2,3}, and who they are. */
std::string vcpus_of(const std::vector<MachineThread> &threads) {
  CpuSet vcpus;
  for (const MachineThread &thread : threads)
    vcpus.insert(thread.vcpus.begin(), thread.vcpus.end());
  return cpu_list(vcpus);
}

Result<> missing(const PinTargets &targets) {
  if (!targets.missing_vcpus.empty())
    return Error{"there is no vCPU " + std::to_string(targets.missing_vcpus[0]) +
                 ": the machine has " + vcpus_of(targets.threads)};
  if (!targets.missing_iothreads.empty())
    return Error{"there is no iothread '" + printable(targets.missing_iothreads[0]) + "'"};
  return {};
}

/* Where the emulator is: its main thread. */
std::optional<CpuSet> emulator_cpus(const Machine &machine) {
  auto pin = read_pin(machine.process().id());
  return pin ? std::optional(pin->cpus) : std::nullopt;
}

/* former: where the emulator was before it was moved; whoever it made then may still be
 * there. */
Result<std::vector<PinChange>> changes_since(Machine &machine, const AskedPins &asked,
                                             const std::optional<CpuSet> &former_emulator) {
  auto targets = find_targets(machine, asked);
  if (!targets)
    return targets.error();
  if (auto result = missing(*targets); !result)
    return result.error();
  const std::optional<CpuSet> emulator = emulator_cpus(machine);
  std::vector<PinChange> changes;
  for (const PinTarget &target : targets->found) {
    const MachineThread &thread = target.thread;
    auto former = read_pin(thread.id);
    if (!former && !is_there(machine, thread))
      continue;
    if (!former)
      return Error{thread.role_text() + " (thread " + std::to_string(thread.id) +
                   "): " + former.error().message};
    const bool has_own = thread.role == Role::iothread && target.is_emulators &&
                         former->cpus != emulator && former->cpus != former_emulator;
    ThreadPin wanted = {target.asked.cpus.empty() ? former->cpus : target.asked.cpus,
                        target.asked.sched.value_or(former->sched)};
    if (!has_own && wanted != *former)
      changes.push_back({thread, thread.role_text(), *former, wanted});
  }
  return changes;
}

class Repinning {
public:
  Repinning(Machine &machine, const AskedPins &asked)
      : machine_(machine), asked_(asked), former_emulator_(emulator_cpus(machine)) {}

  Result<std::vector<PinChange>> run() {
    auto changes = changes_for(machine_, asked_);
    if (!changes)
      return Error{changes.error().message + "; nothing was changed"};
    if (!changes->empty() && machine_.has_pinning_objects()) {
      /* QEMU will change them: what they had must be known before. */
      for (const PinChange &change : *changes)
        remember(change);
      if (auto result = ask_qemu(); !result)
        return put_back(result.error());
    }
    /* Repeat until one look finds all as asked: new threads may have inherited an old pin. */
    while (changes && !changes->empty()) {
      for (const PinChange &change : *changes)
        if (auto result = apply(change); !result)
          return put_back(result.error());
      changes = changes_since(machine_, asked_, former_emulator_);
    }
    if (!changes)
      return put_back(changes.error());
    return done_;
  }

private:
  void remember(const PinChange &change) {
    if (std::none_of(done_.begin(), done_.end(),
                     [&](const PinChange &one) { return one.thread == change.thread; }))
      done_.push_back(change);
  }

  Result<> apply(const PinChange &change) {
    if (++tries_[change.thread] > most_tries)
      return Error{words(change) + ": something else keeps changing its pin"};
    if (!is_there(machine_, change.thread))
      return {};
    const auto pinned = apply_pin(change.thread.id, change.asked);
    if (pinned)
      remember(change);
    else if (is_there(machine_, change.thread))
      return Error{words(change) + ": " + pinned.error().message};
    return {};
  }

  Result<> ask_qemu() {
    for (const auto &[vcpu, pin] : asked_.vcpus)
      if (auto result = set_affinity("vcpu[" + std::to_string(vcpu) + "]", pin); !result)
        return result.error();
    for (const auto &[id, pin] : asked_.iothreads)
      if (auto result = set_affinity("iothread[" + id + "]", pin); !result)
        return result.error();
    return asked_.emulator ? set_affinity("emulator", *asked_.emulator) : Result<>();
  }

  Result<> set_affinity(const std::string &name, const AskedPin &pin) {
    if (pin.cpus.empty())
      return {};
    nlohmann::json arguments = {{"path", "/machine/pinning/" + name}, {"property", "affinity"}};
    auto former = machine_.monitor()->execute("qom-get", arguments);
    if (!former)
      return Error{name + ": " + former.error().message};
    arguments["value"] = cpu_list(pin.cpus);
    auto answer = machine_.monitor()->execute("qom-set", arguments);
    if (!answer)
      return Error{name + ": " + answer.error().message};
    arguments["value"] = *former;
    undo_.push_back(std::move(arguments));
    return {};
  }

  /* In reverse; QEMU first, for it moves several threads at once. */
  Error put_back(Error error) {
    if (done_.empty() && undo_.empty())
      return Error{error.message + "; nothing was changed"};
    error.message += "; what was changed was put back";
    for (auto arguments = undo_.rbegin(); arguments != undo_.rend(); ++arguments)
      static_cast<void>(machine_.monitor()->execute("qom-set", *arguments)); /* each by us, below */
    for (auto change = done_.rbegin(); change != done_.rend(); ++change) {
      if (!is_there(machine_, change->thread))
        continue;
      if (auto result = apply_pin(change->thread.id, change->former); !result)
        error.message += ", but " + words(*change) + ": " + result.error().message;
    }
    return error;
  }

  Machine &machine_;
  const AskedPins &asked_;
  std::optional<CpuSet> former_emulator_;
  std::vector<PinChange> done_;
  std::vector<nlohmann::json> undo_; /* arguments of qom-set */
  std::map<ThreadId, unsigned> tries_;
};

} // namespace

Result<std::vector<PinChange>> changes_for(Machine &machine, const AskedPins &asked) {
  return changes_since(machine, asked, {});
}

Result<std::vector<PinChange>> repin(Machine &machine, const AskedPins &asked) {
  return Repinning(machine, asked).run();
}

} // namespace qemu_pin
