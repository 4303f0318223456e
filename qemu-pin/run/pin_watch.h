/*
 * Threads of a stock QEMU that come once its guest may run, and have no pin of their own:
 * stray threads, such as the one the kernel makes for KVM at the first instruction, are moved off
 * the vCPUs' CPUs; vCPUs are pinned as they are plugged.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PIN_WATCH_H
#define QEMU_PIN_PIN_WATCH_H

#include "machine/machine.h"
#include "pins/asked_pins.h"
#include "run/supervisor.h"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <sys/types.h>

namespace qemu_pin {

class PinWatch {
public:
  /*
   * To be made before the guest runs. later: pins of vCPUs that are not plugged yet.
   * start: what QEMU was started with, for threads that nobody named. The machine has a
   * monitor, which is let go as soon as it is not needed.
   */
  static Result<PinWatch> start(Machine &machine, AskedPins asked,
                                std::map<unsigned, AskedPin> later, ThreadPin start, Report report);

  /* There may be long to wait: the guest does not run yet, or vCPUs are not plugged. */
  bool is_long();

  /* Returns when nothing more is to come, or QEMU has ended. What goes wrong goes to report.
   * supervisor: none, if QEMU is no child of ours. */
  void run(Supervisor *supervisor);

private:
  using Clock = std::chrono::steady_clock;

  PinWatch(Machine &machine, AskedPins asked, std::map<unsigned, AskedPin> later, ThreadPin start,
           Report report)
      : machine_(machine), asked_(std::move(asked)), later_(std::move(later)),
        start_(std::move(start)), report_(std::move(report)) {}

  bool wait(Supervisor *supervisor, Clock::time_point deadline);
  bool is_running();
  void pin_those_plugged();
  void move_strays();
  bool is_vcpus(const ThreadPin &pin) const;
  bool is_pinned_for_itself(pid_t thread);
  void report_once(const ThreadId &thread, const std::string &what);

  Machine &machine_;
  AskedPins asked_;
  std::map<unsigned, AskedPin> later_;
  ThreadPin start_;
  Report report_;
  std::set<ThreadId> old_; /* threads from before the guest ran */
  std::set<ThreadId> reported_;
};

} // namespace qemu_pin

#endif
