/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/thread_looks.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <unistd.h>

namespace qemu_pin {

using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

/* On the clock of a thread's start_time. */
nanoseconds since_boot() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

nanoseconds ticks(std::uint64_t count) {
  static const std::uint64_t per_second = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  return seconds(count / per_second) +
         nanoseconds(count % per_second * (1'000'000'000 / per_second));
}

std::optional<std::uint64_t> less(const std::optional<std::uint64_t> &now,
                                  const std::optional<std::uint64_t> &former) {
  return now && former ? std::optional(*now - *former) : std::nullopt;
}

struct FreePin {
  void operator()(vcpupin_pin *pin) const { vcpupin_pin_free(pin); }
};

/* False if the kernel did not tell. The library's own text of a set is taken: to make
 * a CpuSet of it, as read_pin() does, is dear for thousands of threads. */
bool read_pin_of(ThreadRow &row) {
  const std::unique_ptr<vcpupin_pin, FreePin> pin(vcpupin_pin_read(row.thread.id, nullptr));
  if (!pin)
    return false;
  const std::unique_ptr<char, decltype(&std::free)> list(
      vcpupin_cpus_format(vcpupin_pin_cpus(pin.get())), &std::free);
  if (!list)
    return false;
  row.cpus = list.get();
  row.sched = *vcpupin_pin_sched(pin.get());
  return true;
}

} // namespace

double ThreadCounts::share() const {
  if (over <= nanoseconds(0))
    return 0;
  return std::min(1.0, static_cast<double>(run_ns) / static_cast<double>(over.count()));
}

bool MachineLook::lacks_roles() const {
  return std::any_of(threads.begin(), threads.end(),
                     [](const ThreadRow &row) { return row.thread.role == Role::unknown; });
}

ThreadLooks::ThreadLooks(std::unique_ptr<Machine> machine)
    : machine_(std::move(machine)), guest_(machine_->process().guest_name()) {}

ThreadCounts ThreadLooks::counts(const MachineThread &thread, nanoseconds now) const {
  const ThreadUsage &usage = *thread.usage;
  const auto former = former_.find(thread);
  if (former == former_.end())
    return {former_time_ ? now - *former_time_ : now - ticks(thread.start_time), usage.run_ns,
            usage.wait_ns, usage.migrations, usage.involuntary};
  const ThreadUsage &before = former->second;
  return {now - *former_time_, usage.run_ns - before.run_ns, usage.wait_ns - before.wait_ns,
          less(usage.migrations, before.migrations), less(usage.involuntary, before.involuntary)};
}

Result<MachineLook> ThreadLooks::look() {
  auto threads = machine_->threads();
  if (!threads)
    return threads.error();
  const nanoseconds now = since_boot();
  MachineLook look{process().id(), guest_, std::nullopt, {}};
  if (former_time_)
    look.since = now - *former_time_;
  std::map<ThreadId, ThreadUsage> seen;
  for (MachineThread &thread : *threads) {
    ThreadRow row{std::move(thread), "", {}, {}};
    if (!read_pin_of(row)) {
      auto stat = process().host().procfs().stat(process().id(), row.thread.id);
      if (stat && !*stat)
        continue;
      return Error{"it cannot be read where thread " + std::to_string(row.thread.id) +
                   " of process " + std::to_string(process().id()) + " may run"};
    }
    if (row.thread.usage) {
      row.counts = counts(row.thread, now);
      seen.emplace_hint(seen.end(), row.thread, *row.thread.usage);
    }
    look.threads.push_back(std::move(row));
  }
  /* What was read by thread id may be another process's by now. */
  if (!process().is_alive())
    look.threads.clear();
  former_ = std::move(seen);
  former_time_ = now;
  return look;
}

} // namespace qemu_pin
