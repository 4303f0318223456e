/*
 * Looks at a machine's threads, one after the other: what each thread has now, and
 * what it has had since the look before.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_THREAD_LOOKS_H
#define QEMU_PIN_THREAD_LOOKS_H

#include "kernel/thread_pin.h"
#include "machine/machine.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace qemu_pin {

/* What a thread has had over a time, see ThreadUsage. */
struct ThreadCounts {
  std::chrono::nanoseconds over;
  std::uint64_t run_ns, wait_ns;
  std::optional<std::uint64_t> migrations, involuntary;

  /* Of one CPU, 0..1: the kernel counts the time of one that runs by its own clock's
   * ticks, so that the quotient may be a little more. */
  double share() const;
};

struct ThreadRow {
  MachineThread thread;
  std::string cpus;                   /* that it may run on, a CPU list */
  vcpupin_sched sched;                /* its policy and priority */
  std::optional<ThreadCounts> counts; /* nothing where the kernel keeps none */
};

struct MachineLook {
  pid_t process;
  std::string guest; /* its name; "" if it has none */
  /* How long after the look before; nothing for the first, whose counts are from each
   * thread's beginning. */
  std::optional<std::chrono::nanoseconds> since;
  std::vector<ThreadRow> threads; /* as Machine::threads(); empty: the machine has ended */

  /* There are threads of which nothing tells what they are for. */
  bool lacks_roles() const;
};

class ThreadLooks {
public:
  explicit ThreadLooks(std::unique_ptr<Machine> machine);

  const QemuProcess &process() const { return machine_->process(); }

  /* A thread that ends meanwhile is left out; one that is new since the look before has
   * the counts from its beginning. Fails where /proc cannot be read. */
  Result<MachineLook> look();

private:
  ThreadCounts counts(const MachineThread &thread, std::chrono::nanoseconds now) const;

  std::unique_ptr<Machine> machine_;
  std::string guest_;
  std::map<ThreadId, ThreadUsage> former_;              /* of the last look */
  std::optional<std::chrono::nanoseconds> former_time_; /* since boot */
};

} // namespace qemu_pin

#endif
