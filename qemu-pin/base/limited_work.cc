/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/limited_work.h"

#include "base/fd.h"
#include "base/file_content.h"
#include "base/number.h"
#include "base/pipe.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <new>
#include <optional>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

namespace qemu_pin {

namespace {

using Clock = std::chrono::steady_clock;

/* The first byte of an answer says what follows it. */
constexpr char text = 't', error = 'e', no_memory = 'm';

/* Bytes of address space that this process has: the sanitizers reserve terabytes. */
rlim_t address_space() {
  const FileContent statm = read_content("/proc/self/statm", true);
  const auto pages = number<rlim_t>(statm.text.substr(0, statm.text.find(' ')));
  return pages ? *pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) : 0;
}

void limit(int resource, rlim_t most) {
  rlimit now{};
  if (getrlimit(resource, &now) == 0 && most < now.rlim_cur) {
    now.rlim_cur = most;
    setrlimit(resource, &now);
  }
}

void send_all(int fd, const std::string &answer) {
  for (std::size_t sent = 0; sent < answer.size();) {
    const ssize_t size = write(fd, answer.data() + sent, answer.size() - sent);
    if (size < 0 && errno != EINTR)
      return;
    sent += static_cast<std::size_t>(std::max<ssize_t>(size, 0));
  }
}

[[noreturn]] void work_in_child(const std::function<Result<std::string>()> &work,
                                const WorkLimits &limits, pid_t parent, int writing) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(1);
  /* What a library prints of a file is no message of ours. */
  const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  limit(RLIMIT_CORE, 0);
  const itimerval time{{}, {limits.cpu_ms / 1000, limits.cpu_ms % 1000 * 1000L}};
  /* A sanitizer that handles the caller's faults has nothing to report of these. */
  for (const int fault : {SIGPROF, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT})
    signal(fault, SIG_DFL);
  setitimer(ITIMER_PROF, &time, nullptr);
  limit(RLIMIT_AS, address_space() + limits.memory);
  std::string answer;
  try {
    auto result = work();
    answer = result ? text + *result : error + result.error().message;
  } catch (const std::bad_alloc &) {
    answer = no_memory;
  } catch (const std::exception &thrown) {
    answer = error + std::string(thrown.what());
  }
  send_all(writing, answer);
  _exit(0);
}

/* All that comes until the other end is closed; nothing when that takes longer. */
std::optional<std::string> received(int fd, unsigned ms) {
  const auto end = Clock::now() + std::chrono::milliseconds(ms);
  std::string answer;
  std::array<char, 65536> piece; // NOLINT(*-member-init): read before use
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd pipe{fd, POLLIN, 0};
    if (left <= 0)
      return std::nullopt;
    if (poll(&pipe, 1, static_cast<int>(left)) <= 0)
      continue;
    const ssize_t size = read(fd, piece.data(), piece.size());
    if (size > 0)
      answer.append(piece.data(), static_cast<std::size_t>(size));
    else if (size == 0 || errno != EINTR)
      return answer;
  }
}

Error took_too_long(unsigned ms) {
  return {fmt::format("it takes more than {} ms", ms), ETIME};
}

Error took_too_much(std::size_t bytes) {
  return {fmt::format("it takes more than {} MiB of memory", bytes >> 20), ENOMEM};
}

} // namespace

Result<std::string> do_limited(const std::function<Result<std::string>()> &work,
                               const WorkLimits &limits) {
  auto pipe = make_pipe();
  if (!pipe)
    return pipe.error();
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0)
    return system_error("fork", errno);
  if (child == 0)
    work_in_child(work, limits, parent, pipe->writing.number());
  pipe->writing = Fd();
  const auto answer = received(pipe->reading.number(), limits.ms);
  if (!answer)
    kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  if (!answer)
    return took_too_long(limits.ms);
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (signal == SIGPROF)
    return took_too_long(limits.cpu_ms);
  if (status == 0 && answer->starts_with(text))
    return answer->substr(1);
  if (status == 0 && answer->starts_with(error))
    return Error{answer->substr(1)};
  if (status == 0 && answer->starts_with(no_memory))
    return took_too_much(limits.memory);
  return Error{signal ? fmt::format("signal {}: {}", signal, strsignal(signal))
                      : "its answer is missing",
               EFAULT};
}

} // namespace qemu_pin
