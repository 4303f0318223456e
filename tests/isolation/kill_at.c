/*
 * Preloaded into a program, kills it instead of its Nth call of a function: KILL_CALL is one
 * of those below, KILL_AT is N. What strace can inject too, but at a hundredth of the cost
 * on an emulated CPU.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static void count(const char *call) {
  static atomic_int calls;
  const char *name = getenv("KILL_CALL"), *at = getenv("KILL_AT");
  if (name && at && strcmp(name, call) == 0 && ++calls == atoi(at))
    kill(getpid(), SIGKILL);
}

#define INSTEAD(type, name, parameters, arguments)                                                 \
  type name parameters {                                                                           \
    type(*real) parameters;                                                                        \
    *(void **)&real = dlsym(RTLD_NEXT, #name);                                                     \
    count(#name);                                                                                  \
    return real arguments;                                                                         \
  }

INSTEAD(ssize_t, write, (int file, const void *data, size_t size), (file, data, size))
INSTEAD(int, mkdir, (const char *path, mode_t mode), (path, mode))
INSTEAD(int, rmdir, (const char *path), (path))
INSTEAD(int, sched_setaffinity, (pid_t thread, size_t size, const cpu_set_t *set),
        (thread, size, set))
INSTEAD(int, renameat, (int from_folder, const char *from, int to_folder, const char *to),
        (from_folder, from, to_folder, to))
