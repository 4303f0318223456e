/*
 * Keeps a QEMU that goes into the background (-daemonize) from outliving us before its
 * pins are made: then nobody would be left to let its guest run, or to end it.
 *
 * The guard is a process between us and QEMU, and inherits QEMU's daemon as init would.
 * It ends as QEMU's first process does, if that fails; when it is released; and, after
 * all that it has inherited, when it gets a signal and when we end without releasing it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_DAEMON_GUARD_H
#define QEMU_PIN_DAEMON_GUARD_H

#include "run/child_process.h"

namespace qemu_pin {

class DaemonGuard {
public:
  /* Starts QEMU under a guard. What is private to us must be closed in the guard: it
   * keeps no descriptor but standard streams. report: called in the guard, when QEMU cannot
   * be started. */
  static Result<DaemonGuard> start(const ChildCommand &qemu, const Report &report);

  /* The guard as a child of ours, to be waited for; may be called once. */
  ChildProcess take_child() { return std::move(child_); }

  /* The daemon may live. */
  void release();

private:
  DaemonGuard(ChildProcess child, Fd lifeline)
      : child_(std::move(child)), lifeline_(std::move(lifeline)) {}

  ChildProcess child_;
  Fd lifeline_; /* the guard acts on a byte, or on its end */
};

} // namespace qemu_pin

#endif
