/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/daemon_guard.h"

#include "base/pipe.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

namespace qemu_pin {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

/* How long QEMU may take to end in good order: it has files to remove. */
constexpr auto patience = 2s;
/* When not even SIGKILL helps, or who is left cannot be seen. */
constexpr auto most_patience = 10s;

class Guard {
public:
  Guard(pid_t qemu, int lifeline, int signals)
      : qemu_(qemu), lifeline_(lifeline), signals_(signals) {}

  [[noreturn]] void keep() {
    for (;;) {
      std::array<pollfd, 2> watched = {pollfd{lifeline_, POLLIN, 0}, pollfd{signals_, POLLIN, 0}};
      if (poll(watched.data(), watched.size(), -1) < 0)
        continue;
      char released = 0;
      if (watched[0].revents && read(lifeline_, &released, 1) == 1)
        _exit(0);
      const bool is_told_to_end = watched[0].revents || heed_signals();
      if (!reap() || is_told_to_end || end_.by_signal || end_.number != 0)
        end_all();
    }
  }

private:
  /* Whether one is meant for QEMU, which then ends by it. */
  bool heed_signals() {
    signalfd_siginfo signal{};
    bool is_any = false;
    while (read(signals_, &signal, sizeof signal) == sizeof signal)
      if (signal.ssi_signo != SIGCHLD) {
        end_ = {true, static_cast<int>(signal.ssi_signo)};
        is_any = true;
      }
    return is_any;
  }

  /* False when nobody is left. */
  bool reap() {
    for (;;) {
      int status = 0;
      const pid_t ended = waitpid(-1, &status, WNOHANG);
      if (ended == qemu_ && !end_.by_signal)
        end_ = WIFSIGNALED(status) ? ProcessEnd{true, WTERMSIG(status)}
                                   : ProcessEnd{false, WEXITSTATUS(status)};
      if (ended <= 0)
        return ended == 0;
    }
  }

  static void signal_children(int number) {
    std::ifstream children("/proc/self/task/" + std::to_string(getpid()) + "/children");
    for (pid_t child = 0; children >> child;)
      kill(child, number);
  }

  /* Who is ended leaves its own children to us: until nobody is left. */
  [[noreturn]] void end_all() {
    const auto start = steady_clock::now();
    while (reap()) {
      heed_signals();
      const auto waited = steady_clock::now() - start;
      if (waited > most_patience)
        break;
      signal_children(waited < patience ? SIGTERM : SIGKILL);
      pollfd child_ended{signals_, POLLIN, 0};
      poll(&child_ended, 1, 100);
    }
    _exit(end_likewise(end_));
  }

  pid_t qemu_;
  int lifeline_, signals_;
  ProcessEnd end_{false, 0};
};

[[noreturn]] void guard(ChildCommand qemu, const Fd &lifeline, const Report &report) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  /* The daemon will, but its first process, which is our child, will not. */
  qemu.changes_user = false;
  auto child = ChildProcess::start(qemu);
  if (!child)
    _exit(report(child.error().message));
  /* QEMU's first process stays with the terminal; what is sent to all there is not for us. */
  setsid();
  close_all_but({STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, lifeline.number()});
  sigset_t heeded;
  sigemptyset(&heeded);
  for (int number : {SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM})
    sigaddset(&heeded, number);
  Guard(child->id(), lifeline.number(), signalfd(-1, &heeded, SFD_NONBLOCK)).keep();
}

} // namespace

Result<DaemonGuard> DaemonGuard::start(const ChildCommand &qemu, const Report &report) {
  auto lifeline = make_pipe();
  if (!lifeline)
    return lifeline.error();
  const pid_t id = fork();
  if (id < 0)
    return system_error("fork", errno);
  if (id == 0) {
    lifeline->writing = Fd();
    guard(qemu, lifeline->reading, report);
  }
  /* See release(). */
  ::signal(SIGPIPE, SIG_IGN);
  auto child = ChildProcess::adopt(id);
  if (!child)
    return child.error();
  return DaemonGuard(std::move(*child), std::move(lifeline->writing));
}

void DaemonGuard::release() {
  const char released = 1;
  /* Nothing to be done if it has ended: then QEMU has. */
  while (write(lifeline_.number(), &released, 1) < 0 && errno == EINTR)
    ;
  lifeline_ = Fd();
}

} // namespace qemu_pin
