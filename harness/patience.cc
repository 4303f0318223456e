/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/patience.h"

#include "kernel/procfs.h"

#include <thread>

using std::chrono::steady_clock;

bool comes_true(const std::function<bool()> &holds) {
  const auto deadline = steady_clock::now() + patience;
  while (!holds()) {
    if (steady_clock::now() >= deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

bool is_asleep(pid_t process) {
  auto stat = qemu_pin::Procfs().stat(process, process);
  return stat && *stat && (*stat)->state == 'S';
}
