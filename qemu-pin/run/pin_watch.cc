/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/pin_watch.h"

#include "base/json.h"

#include "base/printable.h"
#include "machine/repin.h"

#include <algorithm>
#include <array>
#include <poll.h>

namespace qemu_pin {

using namespace std::chrono_literals;

namespace {

/* How often something is looked for that nothing tells us of. */
constexpr auto interval = 1s;
/* When, after vCPUs begin to run, stray threads are looked for. */
constexpr std::array looks = {10ms, 30ms, 70ms, 150ms, 500ms};

} // namespace

Result<PinWatch> PinWatch::start(Machine &machine, AskedPins asked,
                                 std::map<unsigned, AskedPin> later, ThreadPin start,
                                 Report report) {
  PinWatch watch(machine, std::move(asked), std::move(later), std::move(start), std::move(report));
  auto threads = machine.threads();
  if (!threads)
    return threads.error();
  for (const MachineThread &thread : *threads)
    watch.old_.insert(thread);
  return watch;
}

/* False when QEMU has ended. */
bool PinWatch::wait(Supervisor *supervisor, Clock::time_point deadline) {
  if (supervisor)
    return supervisor->wait(-1, deadline) != Supervisor::Event::child_ended;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  pollfd ended{machine_.process().descriptor(), POLLIN, 0};
  return poll(&ended, 1, static_cast<int>(std::max<long>(0, left.count()))) == 0;
}

bool PinWatch::is_running() {
  auto status = machine_.monitor()->execute("query-status");
  return status && status->is_object() && status->value("running", false);
}

bool PinWatch::is_long() {
  return !later_.empty() || !is_running();
}

void PinWatch::report_once(const ThreadId &thread, const std::string &what) {
  if (reported_.insert(thread).second && machine_.process().is_alive())
    report_(what);
}

void PinWatch::pin_those_plugged() {
  auto threads = vcpu_threads(*machine_.monitor());
  if (!threads)
    return;
  AskedPins plugged;
  for (const auto &[vcpu, pin] : later_)
    if (threads->contains(vcpu))
      plugged.vcpus[vcpu] = pin;
  if (plugged.empty())
    return;
  for (const auto &[vcpu, pin] : plugged.vcpus)
    later_.erase(vcpu);
  auto pinned = repin(machine_, plugged);
  if (!pinned && machine_.process().is_alive())
    report_("a vCPU was plugged and cannot be pinned: " + pinned.error().message);
}

bool PinWatch::is_vcpus(const ThreadPin &pin) const {
  return std::any_of(asked_.vcpus.begin(), asked_.vcpus.end(),
                     [&](const auto &vcpu) { return pin.cpus == vcpu.second.cpus; });
}

/* A vCPU or an iothread that came while we watched: the monitor knows, while we have it. */
bool PinWatch::is_pinned_for_itself(pid_t id) {
  if (!machine_.monitor())
    return false;
  auto threads = machine_.threads();
  return threads && std::any_of(threads->begin(), threads->end(), [id](const auto &thread) {
           return thread.id == id && (thread.role == Role::vcpu || thread.role == Role::iothread);
         });
}

/* Threads from after the start that are neither as it was, nor as asked, but as a vCPU is. */
void PinWatch::move_strays() {
  ThreadPin wanted = start_;
  if (asked_.emulator) {
    wanted.cpus = asked_.emulator->cpus;
    wanted.sched = asked_.emulator->sched.value_or(start_.sched);
  }
  const Procfs &procfs = machine_.process().host().procfs();
  const pid_t process = machine_.process().id();
  auto ids = procfs.thread_ids(process);
  if (!ids || !machine_.process().is_alive())
    return;
  for (const pid_t id : *ids) {
    auto stat = procfs.stat(process, id);
    if (!stat || !*stat || old_.contains((*stat)->thread))
      continue;
    const auto pin = read_pin(id);
    if (!pin || *pin == wanted || !is_vcpus(*pin) || is_pinned_for_itself(id))
      continue;
    if (auto result = apply_pin(id, wanted); !result)
      report_once((*stat)->thread, "thread '" + printable((*stat)->name) +
                                       "' stays on a vCPU's CPUs: " + result.error().message);
  }
}

void PinWatch::run(Supervisor *supervisor) {
  while (!is_running()) {
    pin_those_plugged();
    if (!wait(supervisor, Clock::now() + interval))
      return;
  }
  if (later_.empty())
    machine_.let_go_of_monitor();
  const auto begin = Clock::now();
  for (const auto look : looks) {
    if (!wait(supervisor, begin + look))
      return;
    move_strays();
  }
  while (!later_.empty()) {
    pin_those_plugged();
    if (!wait(supervisor, Clock::now() + interval))
      return;
    move_strays();
  }
}

} // namespace qemu_pin
