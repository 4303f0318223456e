/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/guest_isolation.h"

#include "base/held_signals.h"
#include "base/pidfd.h"
#include "host/control_group.h"
#include "isolation/steps/cpuset.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace qemu_pin {

using namespace std::chrono_literals;

namespace {

constexpr auto between_looks = 200ms;

bool is_empty_but_for(const Host &host, const std::string &group, pid_t process) {
  const std::vector<pid_t> ids = ids_in(host, group + "/cgroup.procs");
  return std::all_of(ids.begin(), ids.end(), [&](pid_t id) { return id == process; });
}

std::vector<std::string> undo(const Host &former, const IsolationId &id, pid_t process) {
  const Host host(former.path("")); /* a guest's time later: what it knew of threads is old */
  auto journal = Journal::open(host);
  if (!journal)
    return {journal.error().message};
  const Isolation *isolation = journal->content().find(id);
  if (!isolation || isolation->process != process)
    return {};
  auto undone = undo_isolation(host, *journal, id, /*force=*/false);
  if (!undone)
    return {undone.error().message};
  std::vector<std::string> lines;
  for (const std::string &left : undone->left)
    lines.push_back("left alone: " + left);
  for (const std::string &failed : undone->failed)
    lines.push_back("not restored, try qemu-pin restore: " + failed);
  return lines;
}

/* Whoever asks only us to end does not ask the guest to. */
void detach() {
  setsid();
  prctl(PR_SET_NAME, "qemu-pin-restore");
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
    signal(number, SIG_IGN);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    dup2(null, standard);
  close(null);
  if (chdir("/") != 0)
    return;
}

[[noreturn]] void wait_and_restore(const Host &host, const Fd &guardian, pid_t process,
                                   const IsolationId &id, const std::string &group) {
  detach();
  pollfd end{guardian.number(), POLLIN, 0};
  while (poll(&end, 1, -1) < 0 && errno == EINTR)
    ;
  while (!is_empty_but_for(host, group, process))
    std::this_thread::sleep_for(between_looks);
  undo(host, id, process);
  _exit(0);
}

} // namespace

Result<GuestIsolation> GuestIsolation::begin(const Host &host, IsolationRequest request,
                                             const std::vector<Step> &steps,
                                             const std::function<void(const StepReport &)> &tell) {
  const HeldSignals held;
  request.guest = getpid();
  const std::string group = guest_group(host, request);
  const Fd us(pidfd_open(getpid(), 0));
  if (!us)
    return system_error("pidfd_open", errno);
  /* Before, so that it is never in the guest's group; it does nothing while we live. */
  const pid_t restorer = fork();
  if (restorer < 0)
    return system_error("fork", errno);
  if (restorer == 0)
    wait_and_restore(host, us, request.guest, request.id(), group);
  auto told = isolate(host, request, steps, tell);
  if (!told) {
    kill(restorer, SIGKILL);
    waitpid(restorer, nullptr, 0);
    return told.error();
  }
  return GuestIsolation(host, request.id(), group);
}

GuestIsolation::GuestIsolation(GuestIsolation &&other) noexcept
    : host_(std::move(other.host_)), id_(std::move(other.id_)), group_(std::move(other.group_)),
      is_over_(std::exchange(other.is_over_, true)) {}

GuestIsolation::~GuestIsolation() {
  try {
    for (const std::string &line : end())
      fmt::print(stderr, "qemu-pin: {}\n", line);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "qemu-pin: %s\n", error.what());
  }
}

std::vector<std::string> GuestIsolation::end() {
  if (std::exchange(is_over_, true) || !is_empty_but_for(host_, group_, getpid()))
    return {};
  const HeldSignals held;
  return undo(host_, id_, getpid());
}

} // namespace qemu_pin
