/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/isolation_status.h"

#include "host/control_group.h"
#include "kernel/procfs.h"
#include "machine/qemu_process.h"

#include <algorithm>
#include <csignal>
#include <set>

namespace qemu_pin {

using namespace std::chrono_literals;

namespace {

constexpr auto between_looks = 100ms;

bool may_run_on(const Host &host, pid_t process, const CpuSet &cpus) {
  auto threads = host.procfs().thread_ids(process);
  for (const pid_t thread : threads ? *threads : std::vector<pid_t>()) {
    auto allowed = host.procfs().allowed_cpus(process, thread);
    if (!allowed || !*allowed)
      continue;
    if ((*allowed)->cpus.intersects(cpus))
      return true;
  }
  return false;
}

std::set<pid_t> guests_of(const Host &host, const Isolation &isolation, const CpuSet &cpus) {
  std::set<pid_t> guests;
  if (!isolation.group.empty())
    for (const pid_t id : ids_in(host, isolation.group + "/cgroup.procs"))
      guests.insert(id);
  /* A captured host runs nothing. */
  auto processes = host.is_live() ? qemu_processes(host) : std::vector<QemuProcess>();
  if (processes)
    for (const QemuProcess &process : *processes)
      if (may_run_on(host, process.id(), cpus))
        guests.insert(process.id());
  return guests;
}

/* One of those that wait would end us. */
bool pause(std::chrono::milliseconds time) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    sigaddset(&signals, number);
  const timespec rest{time / 1s, (time % 1s) / 1ns};
  return sigtimedwait(&signals, nullptr, &rest) < 0;
}

} // namespace

std::vector<IsolationStatus> watch_isolations(const Host &host,
                                              const std::vector<Isolation> &isolations,
                                              std::chrono::milliseconds time) {
  std::vector<IsolationStatus> found;
  std::vector<Strangers> watched;
  for (const Isolation &isolation : isolations) {
    const CpuSet cpus = isolation.id.cpus();
    const std::set<pid_t> guests = guests_of(host, isolation, cpus);
    found.push_back({isolation, {guests.begin(), guests.end()}, {}, {}, {}, {}});
    watched.emplace_back(host, cpus, guests);
  }
  const auto look = [&] {
    for (Strangers &strangers : watched)
      strangers.look();
  };
  look();
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < deadline && pause(between_looks))
    look();
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (Stranger &stranger : watched[i].threads())
      (stranger.is_bound ? found[i].bound : found[i].strangers).push_back(std::move(stranger));
    found[i].interrupts = watched[i].interrupts();
    found[i].time = watched[i].time();
  }
  return found;
}

} // namespace qemu_pin
