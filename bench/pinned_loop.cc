/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pinned_loop.h"

#include <atomic>
#include <cerrno>
#include <linux/kvm.h>
#include <sched.h>
#include <semaphore>
#include <sys/ioctl.h>
#include <thread>

namespace bench {

qemu_pin::Result<> PinnedLoop::run() const {
  std::atomic<int> refused = 0;
  std::atomic<bool> may_end = false;
  std::binary_semaphore is_there(0);
  std::vector<std::jthread> threads;
  threads.reserve(cpus.size());
  for (const unsigned cpu : cpus) {
    threads.emplace_back([&, cpu] {
      cpu_set_t mask;
      CPU_ZERO(&mask);
      CPU_SET(cpu, &mask);
      if (pins && sched_setaffinity(0, sizeof mask, &mask) != 0)
        refused = errno;
      static_cast<void>(ioctl(-1, KVM_CREATE_VCPU, 0));
      is_there.release();
      may_end.wait(false);
    });
    is_there.acquire();
  }
  may_end = true;
  may_end.notify_all();
  threads.clear();
  if (refused)
    return qemu_pin::system_error("sched_setaffinity", refused);
  return {};
}

} // namespace bench
