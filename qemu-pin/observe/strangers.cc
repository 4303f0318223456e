/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/strangers.h"

#include <algorithm>
#include <unistd.h>

namespace qemu_pin {

void Strangers::look() {
  const Procfs &procfs = host_.procfs();
  last_ = std::chrono::steady_clock::now();
  if (first_ == std::chrono::steady_clock::time_point())
    first_ = last_;
  if (auto interrupts = read_interrupts(host_.path("/proc/interrupts"))) {
    last_interrupts_ = std::move(*interrupts);
    if (first_interrupts_.empty())
      first_interrupts_ = last_interrupts_;
  }
  std::map<ThreadId, ThreadUsage> now;
  auto processes = procfs.process_ids();
  for (pid_t process : processes ? *processes : std::vector<pid_t>()) {
    if (guests_.contains(process) || process == getpid())
      continue;
    auto threads = procfs.thread_ids(process);
    for (pid_t thread : threads ? *threads : std::vector<pid_t>())
      look_at(process, thread, now);
  }
  former_ = std::move(now);
}

void Strangers::look_at(pid_t process, pid_t thread, std::map<ThreadId, ThreadUsage> &now) {
  const Procfs &procfs = host_.procfs();
  auto stat = procfs.stat(process, thread);
  if (!stat || !*stat || !cpus_.contains((*stat)->processor))
    return;
  const auto found = former_.find((*stat)->thread);
  const ThreadUsage *former = found != former_.end() ? &found->second : nullptr;
  auto usage = procfs.usage(process, thread, former);
  if (!usage || !*usage)
    return;
  const std::uint64_t ran = former ? (*usage)->run_ns - former->run_ns : 0;
  now.insert({(*stat)->thread, **usage});
  if (ran == 0 && (*stat)->state != 'R')
    return;
  const ThreadId &id = (*stat)->thread;
  Stranger &stranger =
      found_
          .try_emplace(
              id,
              Stranger{process, id, (*stat)->name, {}, 0, (*stat)->is_kernels && (*stat)->is_bound})
          .first->second;
  stranger.cpus.insert((*stat)->processor);
  stranger.run_ns += ran;
}

std::vector<Stranger> Strangers::threads() const {
  std::vector<Stranger> threads;
  for (const auto &[id, stranger] : found_)
    threads.push_back(stranger);
  std::stable_sort(threads.begin(), threads.end(),
                   [](const auto &a, const auto &b) { return a.run_ns > b.run_ns; });
  return threads;
}

std::vector<Interrupt> Strangers::interrupts() const {
  return fired(first_interrupts_, last_interrupts_, cpus_);
}

} // namespace qemu_pin
