/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hogs.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <sys/prctl.h>
#include <unistd.h>

using qemu_pin::Result;

namespace bench {

namespace {

[[noreturn]] void spin(pid_t parent) {
  setpgid(0, 0); /* Ctrl-C is for our parent, who ends us */
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    signal(number, SIG_DFL);
  prctl(PR_SET_NAME, "bench-hog");
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(1);
  for (;;)
    asm volatile("");
}

} // namespace

Result<Hogs> Hogs::start(unsigned number) {
  Hogs hogs;
  for (unsigned i = 0; i < number; ++i) {
    const pid_t parent = getpid();
    const pid_t hog = fork();
    if (hog < 0)
      return qemu_pin::system_error("fork", errno);
    if (hog == 0)
      spin(parent);
    hogs.hogs_.push_back(Child::adopt(hog));
    setpgid(hog, hog); /* whoever is first: Child ends the group */
  }
  return hogs;
}

std::vector<pid_t> Hogs::ids() const {
  std::vector<pid_t> ids;
  for (const Child &hog : hogs_)
    ids.push_back(hog.pid());
  return ids;
}

bool Hogs::running() {
  return std::all_of(hogs_.begin(), hogs_.end(),
                     [](Child &hog) { return !hog.wait(std::chrono::milliseconds(0)); });
}

} // namespace bench
