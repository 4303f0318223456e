/*
 * A program that we start and that does not outlive us: it is killed and reaped
 * with its owner, and dies too when we crash. It leads a process group of its
 * own, for some programs (smbd) end by ending their group.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HARNESS_CHILD_H
#define HARNESS_CHILD_H

#include "base/result.h"
#include "harness/patience.h"

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

struct Command {
  std::vector<std::string> argv;             /* argv[0] is looked for in PATH if it holds no '/' */
  std::string output;                        /* file for standard output; empty: discarded */
  std::string errors;                        /* file for standard error; empty: discarded */
  std::vector<std::string> environment = {}; /* "NAME=value", over ours; "NAME" takes it out */
  std::vector<unsigned> affinity = {};       /* host CPUs it starts on; empty: as ours */
  std::string cgroup = {};                   /* folder of a cgroup to start in */
  std::optional<uid_t> user = {};            /* user and group it runs as */
};

class Child {
public:
  /* Fails when the program cannot be executed, or not as asked. */
  static qemu_pin::Result<Child> start(const Command &command);

  /* Takes over a process that is, or will become, our child. */
  static Child adopt(pid_t process) { return Child(process); }

  Child(Child &&other) noexcept { swap(other); }
  Child &operator=(Child &&other) noexcept {
    swap(other);
    return *this;
  }
  Child(const Child &) = delete;
  Child &operator=(const Child &) = delete;
  ~Child();

  /* Good until the child is reaped, by wait() or with this object. */
  pid_t pid() const { return pid_; }

  /* The exit status, 128 + N if signal N ended it, or nothing if it still runs
   * when the time is up. */
  std::optional<int> wait(std::chrono::milliseconds timeout = patience);

  void signal(int number) const;

private:
  explicit Child(pid_t pid) : pid_(pid) {}
  void swap(Child &other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(status_, other.status_);
  }

  pid_t pid_ = -1;
  std::optional<int> status_; /* set once it is reaped */
};

#endif
