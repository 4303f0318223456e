/*
 * A program that we start, and that does not outlive us: when this process ends,
 * however it does, the program gets a signal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CHILD_PROCESS_H
#define QEMU_PIN_CHILD_PROCESS_H

#include "base/fd.h"
#include "base/result.h"

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace qemu_pin {

struct ChildCommand {
  std::vector<std::string> argv; /* argv[0] is looked for in PATH as execvp(3) does */
  /* Descriptors it is to have besides 0, 1 and 2, which are ours. */
  std::vector<int> inherited = {};
  /* Its standard output, if that is not ours; input and errors are then /dev/null. */
  std::optional<int> output = {};
  sigset_t blocked = {};      /* the signals that it starts with blocked */
  int death_signal = SIGTERM; /* what it gets when we have ended */
  /* It will become another user: Linux then forgets what PR_SET_PDEATHSIG says. */
  bool changes_user = false;
};

/* How a process ended: by itself with a status, or by a signal. */
struct ProcessEnd {
  bool by_signal;
  int number; /* the exit status, or the signal's */
};

class ChildProcess {
public:
  /* Fails when the program cannot be executed: "NAME: No such file or directory". */
  static Result<ChildProcess> start(const ChildCommand &command);

  ChildProcess(ChildProcess &&) noexcept = default;
  ChildProcess &operator=(ChildProcess &&) = delete;
  ChildProcess(const ChildProcess &) = delete;
  /* Ends it with SIGKILL if it still runs. */
  ~ChildProcess();

  pid_t id() const { return id_; }
  /* Poll it: readable once the process has ended (pidfd_open(2)). */
  int descriptor() const { return pidfd_.number(); }
  /* One that has ended gets nothing. */
  void signal(int number) const;
  /* Waits that long, or for ever; nothing if it runs on. */
  std::optional<ProcessEnd> wait(std::optional<std::chrono::milliseconds> timeout);

  /* For one that is a child already; its id is still its own. */
  static Result<ChildProcess> adopt(pid_t child);

private:
  ChildProcess(pid_t id, Fd pidfd) : id_(id), pidfd_(std::move(pidfd)) {}

  pid_t id_;
  Fd pidfd_; /* none: moved away */
  Fd lifeline_;
  std::optional<ProcessEnd> end_;
};

/* Ends this process as that one ended; a signal's core dump is the other's alone.
 * Returns the status for main() to return. */
int end_likewise(const ProcessEnd &end);

} // namespace qemu_pin

#endif
