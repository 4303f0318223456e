/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/last_resort.h"

#include "base/pidfd.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>

namespace qemu_pin {

namespace {

constexpr int end_patience = 10000; /* milliseconds */

bool has_ended(int process, int milliseconds) {
  pollfd end{process, POLLIN, 0};
  int ended = 0;
  do
    ended = poll(&end, 1, milliseconds);
  while (ended < 0 && errno == EINTR);
  return ended > 0;
}

[[noreturn]] void wait_and_kill(int parent, const ChildProcess &child) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  /* The monitor and the child's lifeline are to close with us. */
  close_all_but({parent, child.descriptor()});
  has_ended(parent, -1);
  if (!has_ended(child.descriptor(), end_patience))
    child.signal(SIGKILL);
  _exit(0);
}

} // namespace

Result<ChildProcess> start_last_resort(const ChildProcess &child) {
  const Fd us(pidfd_open(getpid(), 0));
  if (!us)
    return system_error("pidfd_open", errno);
  const pid_t id = fork();
  if (id < 0)
    return system_error("fork", errno);
  if (id == 0)
    wait_and_kill(us.number(), child);
  return ChildProcess::adopt(id);
}

} // namespace qemu_pin
