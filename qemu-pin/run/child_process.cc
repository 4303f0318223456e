/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/child_process.h"

#include "base/pidfd.h"
#include "base/pipe.h"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace qemu_pin {

namespace {

/* When the last writer of this pipe is gone, the process that calls this gets SIGTERM:
 * the kernel looks at who asked for it, so that it works across a change of user. */
bool hang_on(int lifeline) {
  return fcntl(lifeline, F_SETFD, 0) == 0 && fcntl(lifeline, F_SETOWN, getpid()) == 0 &&
         fcntl(lifeline, F_SETSIG, SIGTERM) == 0 &&
         fcntl(lifeline, F_SETFL, fcntl(lifeline, F_GETFL) | O_ASYNC) == 0;
}

/* In the child. Returns only when something fails, with errno set. */
void become(const ChildCommand &command, char *const *argv, pid_t parent, int lifeline) {
  prctl(PR_SET_PDEATHSIG, command.death_signal);
  if (getppid() != parent)
    _exit(1);
  if (lifeline >= 0 && !hang_on(lifeline))
    return;
  for (int descriptor : command.inherited)
    if (fcntl(descriptor, F_SETFD, 0) != 0)
      return;
  if (command.output) {
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(*command.output, STDOUT_FILENO) < 0 ||
        dup2(null, STDERR_FILENO) < 0)
      return;
  }
  sigprocmask(SIG_SETMASK, &command.blocked, nullptr);
  execvp(argv[0], argv);
}

} // namespace

Result<ChildProcess> ChildProcess::start(const ChildCommand &command) {
  std::vector<char *> argv;
  for (const std::string &argument : command.argv)
    argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);

  auto failure = make_pipe();
  if (!failure)
    return failure.error();
  auto lifeline = command.changes_user ? make_pipe() : Result<Pipe>(Pipe{});
  if (!lifeline)
    return lifeline.error();
  const pid_t parent = getpid();
  const pid_t id = fork();
  if (id < 0)
    return system_error("fork", errno);
  if (id == 0) {
    lifeline->writing = Fd();
    become(command, argv.data(), parent, lifeline->reading.number());
    const int number = errno;
    _exit(write(failure->writing.number(), &number, sizeof number) < 0 ? 127 : 126);
  }
  auto child = adopt(id);
  if (!child)
    return child;
  child->lifeline_ = std::move(lifeline->writing);
  /* The pipe closes when exec succeeds; before, it brings the failure. */
  failure->writing = Fd();
  int number = 0;
  if (read(failure->reading.number(), &number, sizeof number) == sizeof number)
    return system_error(command.argv[0], number);
  return child;
}

Result<ChildProcess> ChildProcess::adopt(pid_t child) {
  Fd pidfd(pidfd_open(child, 0));
  if (!pidfd)
    return system_error("pidfd_open", errno);
  return ChildProcess(child, std::move(pidfd));
}

ChildProcess::~ChildProcess() {
  if (!pidfd_ || end_)
    return;
  signal(SIGKILL);
  wait({});
}

void ChildProcess::signal(int number) const {
  pidfd_send_signal(pidfd_.number(), number, nullptr, 0);
}

std::optional<ProcessEnd> ChildProcess::wait(std::optional<std::chrono::milliseconds> timeout) {
  if (end_)
    return end_;
  pollfd ended{pidfd_.number(), POLLIN, 0};
  int ready = 0;
  do
    ready = poll(&ended, 1, timeout ? static_cast<int>(timeout->count()) : -1);
  while (ready < 0 && errno == EINTR);
  int status = 0;
  if (ready <= 0 || waitpid(id_, &status, 0) != id_)
    return std::nullopt;
  end_ = WIFSIGNALED(status) ? ProcessEnd{true, WTERMSIG(status)}
                             : ProcessEnd{false, WEXITSTATUS(status)};
  return end_;
}

int end_likewise(const ProcessEnd &end) {
  if (!end.by_signal)
    return end.number;
  prctl(PR_SET_DUMPABLE, 0);
  ::signal(end.number, SIG_DFL);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_UNBLOCK, &all, nullptr);
  raise(end.number);
  return 128 + end.number;
}

} // namespace qemu_pin
