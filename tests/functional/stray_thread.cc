/*
 * Preloaded into QEMU, makes a thread whenever one of its threads pins itself, as
 * the kernel may: without QEMU, and with the pin of the thread that creates it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <thread>
#include <unistd.h>

namespace {

void create_stray() {
  if (gettid() == getpid())
    return;
  std::thread([] {
    pthread_setname_np(pthread_self(), "stray");
    for (;;)
      pause();
  }).detach();
}

} // namespace

/* The calls by which a thread gets first its mask, then its policy. */
extern "C" int sched_setaffinity(pid_t thread, size_t bytes, const cpu_set_t *cpus) noexcept {
  const auto real =
      reinterpret_cast<decltype(&::sched_setaffinity)>(dlsym(RTLD_NEXT, "sched_setaffinity"));
  const int result = real(thread, bytes, cpus);
  if (result == 0)
    create_stray();
  return result;
}

extern "C" int sched_setscheduler(pid_t thread, int policy,
                                  const struct sched_param *parameters) noexcept {
  const auto real =
      reinterpret_cast<decltype(&::sched_setscheduler)>(dlsym(RTLD_NEXT, "sched_setscheduler"));
  const int result = real(thread, policy, parameters);
  if (result == 0)
    create_stray();
  return result;
}
