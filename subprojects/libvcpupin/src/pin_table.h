/*
 * The pins asked for, one a vCPU. A pin is checked before it is kept, so that
 * a table holds nothing the host cannot do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VCPUPIN_PIN_TABLE_H
#define VCPUPIN_PIN_TABLE_H

#include "cpu_set.h"
#include "host.h"
#include "result.h"

#include <map>
#include <optional>
#include <span>

struct vcpupin_table {
public:
  vcpupin_table(vcpupin::Host host, unsigned max_vcpus, bool shared_thread);

  /* Returns the vCPU's number. See vcpupin_table_add_vcpu. */
  vcpupin::Result<unsigned> add_vcpu(const char *vcpunum, std::span<const char *const> affinity);

  /* See vcpupin_table_vcpu. */
  const vcpupin::CpuSet *find(unsigned vcpu) const;

private:
  vcpupin::Result<unsigned> parse_vcpunum(const char *vcpunum) const;
  std::optional<vcpupin::Error> check(unsigned vcpu, const vcpupin::CpuSet &pin) const;

  vcpupin::Host host_;
  unsigned max_vcpus_;
  bool shared_thread_;
  /* A map, because pins are lent out: a later one must not move them. */
  std::map<unsigned, vcpupin::CpuSet> pins_;
};

namespace vcpupin {
using PinTable = ::vcpupin_table;
}

#endif
