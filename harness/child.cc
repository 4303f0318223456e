/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/child.h"

#include "base/fd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using qemu_pin::Fd;
using qemu_pin::Result;
using qemu_pin::system_error;

namespace {

constexpr unsigned bits_per_word = sizeof(unsigned long) * CHAR_BIT;

std::vector<char *> pointers(std::vector<std::string> &strings) {
  std::vector<char *> list;
  list.reserve(strings.size() + 1);
  for (std::string &string : strings)
    list.push_back(string.data());
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> merged_environment(const std::vector<std::string> &changes) {
  std::vector<std::string> merged;
  auto name = [](const std::string &entry) { return entry.substr(0, entry.find('=')); };
  for (char **entry = environ; *entry; ++entry)
    if (std::none_of(changes.begin(), changes.end(),
                     [&](const std::string &change) { return name(change) == name(*entry); }))
      merged.emplace_back(*entry);
  std::copy_if(changes.begin(), changes.end(), std::back_inserter(merged),
               [](const std::string &change) { return change.find('=') != std::string::npos; });
  return merged;
}

/* All that the child needs, laid out before the fork: between fork and exec only
 * plain system calls are safe. */
struct Prepared {
  std::vector<std::string> strings, environment_strings;
  std::vector<char *> argv, environment;
  std::vector<unsigned long> mask;
  std::string cgroup_procs;
  std::string output, errors;
  std::optional<uid_t> user;
  pid_t parent = getpid();
};

bool redirect(const std::string &path, int target) {
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  return file >= 0 && dup2(file, target) >= 0;
}

bool join(const std::string &cgroup_procs) {
  int file = open(cgroup_procs.c_str(), O_WRONLY | O_CLOEXEC);
  return file >= 0 && write(file, "0", 1) == 1;
}

/* In the child. Returns the failed step's name, with errno set, or not at all. */
const char *become(Prepared &program) {
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (!program.cgroup_procs.empty() && !join(program.cgroup_procs))
    return "cgroup";
  if (!program.mask.empty() &&
      syscall(SYS_sched_setaffinity, 0, program.mask.size() * sizeof(long), program.mask.data()))
    return "sched_setaffinity";
  int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (input < 0 || dup2(input, STDIN_FILENO) < 0)
    return "/dev/null";
  if (!redirect(program.output, STDOUT_FILENO))
    return program.output.c_str();
  if (!redirect(program.errors, STDERR_FILENO))
    return program.errors.c_str();
  if (program.user && (setgroups(0, nullptr) || setgid(*program.user) || setuid(*program.user)))
    return "setuid";
  /* After setuid, which would clear it. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != program.parent)
    _exit(1);
  execvpe(program.argv[0], program.argv.data(), program.environment.data());
  return program.argv[0];
}

struct Failure {
  int number;
  std::array<char, 256> step;
};

} // namespace

Result<Child> Child::start(const Command &command) {
  Prepared program;
  program.strings = command.argv;
  program.environment_strings = merged_environment(command.environment);
  program.argv = pointers(program.strings);
  program.environment = pointers(program.environment_strings);
  for (unsigned cpu : command.affinity) {
    program.mask.resize(std::max<std::size_t>(program.mask.size(), cpu / bits_per_word + 1));
    program.mask[cpu / bits_per_word] |= 1UL << cpu % bits_per_word;
  }
  if (!command.cgroup.empty())
    program.cgroup_procs = command.cgroup + "/cgroup.procs";
  program.output = command.output.empty() ? "/dev/null" : command.output;
  program.errors = command.errors.empty() ? "/dev/null" : command.errors;
  program.user = command.user;

  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return system_error("pipe", errno);
  Fd reading(ends[0]);
  Fd writing(ends[1]);
  pid_t pid = fork();
  if (pid < 0)
    return system_error("fork", errno);
  if (pid == 0) {
    const char *step = become(program);
    Failure failure{errno, {}};
    for (std::size_t i = 0; i + 1 < failure.step.size() && step[i]; ++i)
      failure.step[i] = step[i];
    _exit(write(writing.number(), &failure, sizeof failure) < 0 ? 127 : 126);
  }
  writing = Fd();

  /* The pipe closes when exec succeeds; before, it brings the failure. */
  Child child(pid);
  Failure failure{};
  if (read(reading.number(), &failure, sizeof failure) == sizeof failure)
    return system_error(failure.step.data(), failure.number);
  return child;
}

Child::~Child() {
  if (pid_ < 0 || status_)
    return;
  /* Its children too; one that was adopted may lead no group. */
  if (kill(-pid_, SIGKILL) != 0)
    kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR)
    ;
}

std::optional<int> Child::wait(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!status_) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_)
      status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    else if (std::chrono::steady_clock::now() >= deadline)
      break;
    else
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return status_;
}

void Child::signal(int number) const {
  if (pid_ > 0 && !status_)
    kill(pid_, number);
}
