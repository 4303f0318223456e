/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/pin_targets.h"

#include <algorithm>

namespace qemu_pin {

namespace {

constexpr std::size_t longest_name = 12; /* what of an ID has room in "IO ID" */

bool is_named(const MachineThread &thread, const std::string &iothread) {
  return thread.iothread == iothread ||
         (thread.iothread.size() == longest_name && iothread.starts_with(thread.iothread));
}

bool has_vcpu(const MachineThread &thread, unsigned vcpu) {
  return thread.role == Role::vcpu &&
         (thread.vcpus.empty() ||
          std::find(thread.vcpus.begin(), thread.vcpus.end(), vcpu) != thread.vcpus.end());
}

bool equal(const AskedPin &a, const AskedPin &b) {
  return a.cpus == b.cpus && a.sched == b.sched;
}

} // namespace

Result<PinTargets> find_targets(Machine &machine, const AskedPins &asked) {
  auto looked = machine.threads();
  if (!looked)
    return looked.error();
  PinTargets targets;
  targets.threads = std::move(*looked);
  const std::vector<MachineThread> &threads = targets.threads;
  if (threads.empty())
    return Error{"the machine has ended"};
  if (std::any_of(threads.begin(), threads.end(),
                  [](const auto &thread) { return thread.role == Role::unknown; }))
    return Error{"which threads are vCPUs is not known: name QEMU's monitor (--qmp SOCKET), or "
                 "start QEMU with -name debug-threads=on"};
  std::vector<bool> taken(threads.size());
  for (const auto &[vcpu, pin] : asked.vcpus) {
    const auto thread =
        std::find_if(threads.begin(), threads.end(),
                     [number = vcpu](const auto &one) { return has_vcpu(one, number); });
    if (thread == threads.end()) {
      targets.missing_vcpus.push_back(vcpu);
      continue;
    }
    const auto former =
        std::find_if(targets.found.begin(), targets.found.end(),
                     [&](const auto &target) { return target.thread.id == thread->id; });
    if (former == targets.found.end())
      targets.found.push_back({*thread, pin});
    else if (!equal(former->asked, pin))
      return Error{"vCPU " + std::to_string(vcpu) +
                   " shares a thread with another: they cannot "
                   "have different pins"};
  }
  for (const auto &[id, pin] : asked.iothreads) {
    const auto thread = std::find_if(threads.begin(), threads.end(), [&name = id](const auto &one) {
      return one.role == Role::iothread && is_named(one, name);
    });
    if (thread == threads.end()) {
      targets.missing_iothreads.push_back(id);
      continue;
    }
    taken[static_cast<std::size_t>(thread - threads.begin())] = true;
    targets.found.push_back({*thread, pin});
  }
  if (asked.emulator)
    for (std::size_t i = 0; i < threads.size(); ++i)
      if (!taken[i] && threads[i].role != Role::vcpu && threads[i].role != Role::context)
        targets.found.push_back({threads[i], *asked.emulator, true});
  return targets;
}

} // namespace qemu_pin
