/*
 * A host: which CPUs it has, which are online, and which this process may use.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VCPUPIN_HOST_H
#define VCPUPIN_HOST_H

#include "cpu_set.h"
#include "vcpupin-result.h"

#include <optional>
#include <string>

struct vcpupin_host {
public:
  static vcpupin::Result<vcpupin_host> read_live();
  static vcpupin::Result<vcpupin_host> read_captured(const std::string &root);

  const vcpupin::CpuSet &present() const { return present_; }
  const vcpupin::CpuSet &online() const { return online_; }
  const vcpupin::CpuSet &allowed() const { return allowed_; }

  /* See vcpupin_host_check. */
  vcpupin::Result<> check(const vcpupin::CpuSet &cpus) const;

private:
  vcpupin::Result<> read_sysfs(const std::string &root);

  vcpupin::CpuSet present_;
  vcpupin::CpuSet online_;
  vcpupin::CpuSet allowed_;
};

namespace vcpupin {
using Host = ::vcpupin_host;
}

#endif
