/*
 * What /proc tells of a process's threads. Any of them may end at any moment:
 * a thread that is gone is not an error, but an empty optional. One that is ending
 * may still be listed after pthread_join() has returned; its stat is empty too.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PROCFS_H
#define QEMU_PIN_PROCFS_H

#include "base/cpu_set.h"
#include "base/result.h"
#include "kernel/thread_id.h"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace qemu_pin {

/* The host CPUs that a thread may run on. */
struct AllowedCpus {
  std::string list; /* as the kernel prints them: "0-3,8" */
  CpuSet cpus;
};

/* From stat; the fields are numbered as in proc(5). */
struct ThreadStat {
  ThreadId thread;      /* start_time is field 22 */
  std::string name;     /* field 2: at most 15 bytes, of any kind */
  char state;           /* field 3: 'R' runs or waits for a CPU */
  bool is_kernels;      /* of field 9: a thread of the kernel's own (PF_KTHREAD) */
  bool is_bound;        /* of field 9: nobody may move it (PF_NO_SETAFFINITY) */
  unsigned processor;   /* field 39: the host CPU it ran on last */
  unsigned rt_priority; /* field 40: 1..99 with a real-time policy, else 0 */
  unsigned policy;      /* field 41: Linux's number, SCHED_OTHER and so on */
};

/* What a thread has had of CPUs since it began. */
struct ThreadUsage {
  std::uint64_t run_ns;  /* schedstat: on a CPU */
  std::uint64_t wait_ns; /* schedstat: runnable, waiting for one */
  std::uint64_t slices;  /* schedstat: how often it was put on one; while this and the times
                            stay, it has not run */
  std::optional<std::uint64_t> migrations;  /* sched: se.nr_migrations; not in all kernels */
  std::optional<std::uint64_t> involuntary; /* sched: nr_involuntary_switches */

  bool operator==(const ThreadUsage &) const = default;
};

class Procfs {
public:
  /* root holds the processes' folders: /proc, or a captured one. */
  explicit Procfs(std::string root = "/proc") : root_(std::move(root)) {}

  /* In ascending order; empty when the process is gone. */
  Result<std::vector<pid_t>> thread_ids(pid_t process) const;

  /* Cpus_allowed_list of status. */
  Result<std::optional<AllowedCpus>> allowed_cpus(pid_t process, pid_t thread) const;

  Result<std::optional<ThreadStat>> stat(pid_t process, pid_t thread) const;

  /* Is it there still? */
  bool has(const ThreadId &thread) const;

  /* former: of an earlier look; what lies in the slow file is taken from it if the
   * thread has not run since. */
  Result<std::optional<ThreadUsage>> usage(pid_t process, pid_t thread,
                                           const ThreadUsage *former = nullptr) const;

  /* All processes, in ascending order. */
  Result<std::vector<pid_t>> process_ids() const;

  /* cmdline; empty for a process that is gone, and for the kernel's own. */
  Result<std::vector<std::string>> arguments(pid_t process) const;

  /* "NAME=value" as the process was started; empty for one that is gone. */
  Result<std::vector<std::string>> environment(pid_t process) const;

  /* comm: as stat's, for a tenth less; "" of one that is gone. */
  std::string name(pid_t process) const;

  /* The program's path (exe); "" where that may not be read, or the process is gone. */
  std::string program(pid_t process) const;

  /* Which process a thread is of (Tgid of its status). */
  Result<std::optional<pid_t>> process_of(pid_t thread) const;

private:
  std::string file(pid_t process, const char *name) const;
  std::string thread_file(pid_t process, pid_t thread, const char *name) const;

  std::string root_;
};

} // namespace qemu_pin

#endif
