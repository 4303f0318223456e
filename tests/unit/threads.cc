/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "threads.h"

#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace {

class Fd {
public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd &) = delete;
  Fd &operator=(const Fd &) = delete;
  ~Fd() { close(); }

  int get() const { return fd_; }
  void close() {
    if (fd_ >= 0)
      ::close(fd_);
    fd_ = -1;
  }

private:
  int fd_;
};

[[noreturn]] void fail(const char *what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  for (ssize_t n = 0; (n = ::read(fd, buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(n));
  return text;
}

} // namespace

void in_thread(const std::function<void()> &body) {
  std::thread(body).join();
}

std::string in_child(const std::function<std::string()> &body) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0)
    fail("pipe");
  const Fd in(ends[0]);
  Fd out(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0)
    fail("fork");
  if (pid == 0) {
    int status = 1;
    try {
      const std::string text = body();
      if (::write(out.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()))
        status = 0;
    } catch (...) {
      status = 2;
    }
    /* Not exit: the parent's test runner must not finish twice. */
    ::_exit(status);
  }
  out.close();
  std::string text = read_all(in.get());
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid)
    fail("waitpid");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error("the child failed, wait status " + std::to_string(status));
  return text;
}

std::string mask_in_proc() {
  std::ifstream status("/proc/self/task/" + std::to_string(gettid()) + "/status");
  const std::string key = "Cpus_allowed_list:\t";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key))
      return line.substr(key.size());
  }
  return "(not in /proc)";
}

std::vector<unsigned> usable_cpus() {
  const Host host(vcpupin_host_read(nullptr, nullptr));
  std::vector<unsigned> usable;
  const vcpupin_cpus *allowed = host ? vcpupin_host_allowed(host.get()) : nullptr;
  for (unsigned cpu = 0; allowed != nullptr && usable.size() < vcpupin_cpus_count(allowed); ++cpu) {
    if (vcpupin_cpus_contains(allowed, cpu))
      usable.push_back(cpu);
  }
  return usable;
}

bool refuse_syscall(long number, int error, std::uint32_t largest_arg) {
  /* Where the lower half of a 64-bit argument is depends on the byte order. */
  constexpr std::uint32_t low_half = std::endian::native == std::endian::little ? 0 : 4;
  constexpr std::uint32_t second = offsetof(seccomp_data, args) + 8 + low_half;
  std::array<sock_filter, 6> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, second),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, largest_arg, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter = {static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}
