/*
 * Stands between whoever started us and a child of ours: signals that we get are the
 * child's, and its end is ours.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_SUPERVISOR_H
#define QEMU_PIN_SUPERVISOR_H

#include "run/child_process.h"

#include <chrono>
#include <csignal>
#include <optional>

namespace qemu_pin {

/* Signals that are to be passed on wait from here on; made before the child. */
class PassedSignals {
public:
  static Result<PassedSignals> hold();

  /* What was blocked before, for the child to start with. */
  const sigset_t &former() const { return former_; }
  int descriptor() const { return waiting_.number(); }

  /* To be called once the child has been started: also those that we were started with
   * ignored (nohup), for QEMU heeds them. */
  static void heed_all();

  /* Passes on those that wait. shares_terminal: what the terminal sends to all of its
   * foreground processes the child gets by itself. Whether one of them tells it to end. */
  bool pass_to(const ChildProcess &child, bool shares_terminal) const;

private:
  PassedSignals() = default;

  sigset_t former_{};
  Fd waiting_;
};

class Supervisor {
public:
  using Deadline = std::chrono::steady_clock::time_point;
  enum class Event { child_ended, readable, time_up };

  /* shares_terminal: the child is in our process group. */
  Supervisor(PassedSignals signals, ChildProcess child, bool shares_terminal)
      : signals_(std::move(signals)), child_(std::move(child)), shares_terminal_(shares_terminal) {}

  ChildProcess &child() { return child_; }

  /* Passes on signals until the child ends, the descriptor is readable or hung up, or the
   * time is up. -1: no descriptor; no deadline: for ever. A child that is told to end has
   * 2 s from then on, before it is asked anything more: QEMU 7.2 may hang if it is. */
  Event wait(int descriptor, std::optional<Deadline> deadline);

private:
  PassedSignals signals_;
  ChildProcess child_;
  bool shares_terminal_;
};

} // namespace qemu_pin

#endif
