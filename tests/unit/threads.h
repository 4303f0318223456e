/*
 * Threads and processes that a test may pin, sandbox and throw away, and what
 * the kernel's own books say of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_THREADS_H
#define TESTS_UNIT_THREADS_H

#include "handles.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

/* Runs body in a new thread, so that the mask it leaves behind is nobody's. */
void in_thread(const std::function<void()> &body);

/* Runs body in a child process and returns what it returned. Throws if the
 * child does not exit with status 0. */
std::string in_child(const std::function<std::string()> &body);

/* Cpus_allowed_list of the calling thread in /proc/self/task/TID/status. */
std::string mask_in_proc();

/* The CPUs this process may use, lowest first. */
std::vector<unsigned> usable_cpus();

/* From now on the calling thread, and threads that it creates, get `error` from the
 * system call, if its second argument (cut to 32 bits) is at most largest_arg.
 * Returns false where the kernel has no seccomp filters. */
bool refuse_syscall(long number, int error,
                    std::uint32_t largest_arg = std::numeric_limits<std::uint32_t>::max());

#endif
