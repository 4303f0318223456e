/*
 * A cgroup (version 1) that keeps the processes in it to some host CPUs; it is
 * removed with this object.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HARNESS_CPUSET_H
#define HARNESS_CPUSET_H

#include "base/result.h"

#include <string>
#include <utility>

class Cpuset {
public:
  /* A child of the cgroup we are in. Fails where that cannot be: without the
   * cpuset controller of version 1, or without the right to. */
  static qemu_pin::Result<Cpuset> make(const std::string &cpus);

  Cpuset(Cpuset &&other) noexcept : folder_(std::exchange(other.folder_, {})) {}
  Cpuset &operator=(Cpuset &&other) noexcept {
    std::swap(folder_, other.folder_);
    return *this;
  }
  Cpuset(const Cpuset &) = delete;
  Cpuset &operator=(const Cpuset &) = delete;
  ~Cpuset();

  const std::string &folder() const { return folder_; }

  /* Other host CPUs from now on; false if that cannot be. */
  bool set_cpus(const std::string &cpus) const;

private:
  explicit Cpuset(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
};

#endif
