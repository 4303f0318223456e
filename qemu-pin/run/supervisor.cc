/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/supervisor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/signalfd.h>

namespace qemu_pin {

namespace {

/* Not those of job control: the terminal's go to both of us, and stop both. */
constexpr std::array<int, 9> passed = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGUSR1,
                                       SIGUSR2, SIGCONT, SIGALRM, SIGWINCH};

/* How long a child that is told to end is left alone. */
constexpr std::chrono::seconds exit_patience{2};

/* Keys and the window's size; a hang-up goes to the session's leader alone. */
bool is_terminals(const signalfd_siginfo &signal) {
  const auto number = static_cast<int>(signal.ssi_signo);
  return signal.ssi_code == SI_KERNEL &&
         (number == SIGINT || number == SIGQUIT || number == SIGWINCH);
}

} // namespace

Result<PassedSignals> PassedSignals::hold() {
  sigset_t set;
  sigemptyset(&set);
  for (int number : passed)
    sigaddset(&set, number);
  PassedSignals signals;
  sigprocmask(SIG_BLOCK, &set, &signals.former_);
  signals.waiting_ = Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.waiting_)
    return system_error("signalfd", errno);
  return signals;
}

void PassedSignals::heed_all() {
  /* A blocked signal that is ignored by default still reaches a signalfd; one that is set
   * to be ignored does not. */
  for (int number : passed)
    ::signal(number, SIG_DFL);
}

bool PassedSignals::pass_to(const ChildProcess &child, bool shares_terminal) const {
  bool is_end = false;
  signalfd_siginfo signal{};
  while (read(waiting_.number(), &signal, sizeof signal) == sizeof signal) {
    const auto number = static_cast<int>(signal.ssi_signo);
    if (!shares_terminal || !is_terminals(signal))
      child.signal(number);
    is_end |= number == SIGHUP || number == SIGINT || number == SIGTERM;
  }
  return is_end;
}

Supervisor::Event Supervisor::wait(int descriptor, std::optional<Deadline> deadline) {
  using std::chrono::milliseconds;
  for (;;) {
    std::array<pollfd, 3> watched = {pollfd{child_.descriptor(), POLLIN, 0},
                                     pollfd{signals_.descriptor(), POLLIN, 0},
                                     pollfd{descriptor, POLLIN, 0}};
    int timeout = -1;
    if (deadline) {
      const auto left =
          std::chrono::ceil<milliseconds>(*deadline - std::chrono::steady_clock::now());
      timeout = static_cast<int>(std::max<milliseconds::rep>(0, left.count()));
    }
    const int ready = poll(watched.data(), watched.size(), timeout);
    if (ready == 0)
      return Event::time_up;
    if (watched[1].revents && signals_.pass_to(child_, shares_terminal_) && deadline)
      deadline = std::max(*deadline, std::chrono::steady_clock::now() + exit_patience);
    if (watched[0].revents)
      return Event::child_ended;
    if (watched[2].revents)
      return Event::readable;
  }
}

} // namespace qemu_pin
