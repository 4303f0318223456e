/*
 * The pins asked for, by role: vCPUs, iothreads, the emulator. A pin is checked
 * before it is kept, so that a table holds nothing the host cannot do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VCPUPIN_PIN_TABLE_H
#define VCPUPIN_PIN_TABLE_H

#include "host.h"
#include "pin.h"
#include "vcpupin-result.h"
#include "vcpupin.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct vcpupin_table {
public:
  vcpupin_table(std::optional<vcpupin::Host> host, vcpupin::Pin start, unsigned max_vcpus,
                bool shared_thread);

  /* Returns the vCPU's number. See vcpupin_table_add_vcpu. */
  vcpupin::Result<unsigned> add_vcpu(const vcpupin_request &request);
  vcpupin::Result<> add_iothread(const vcpupin_request &request);
  vcpupin::Result<> add_emulator(const vcpupin_request &request);

  /* See vcpupin_table_vcpu. */
  const vcpupin::Pin *vcpu(unsigned vcpu) const;
  const vcpupin::Pin *iothread(std::string_view id) const;
  const vcpupin::Pin *emulator() const;

  std::vector<std::string> warnings() const;

private:
  vcpupin::Result<unsigned> parse_vcpunum(const char *vcpunum) const;
  vcpupin::Result<vcpupin::Pin> parse_pin(const vcpupin_request &request) const;
  vcpupin::Result<> check_shared(unsigned vcpu, const vcpupin::Pin &pin) const;

  std::optional<vcpupin::Host> host_; /* none: CPUs are not checked */
  vcpupin::Pin start_;
  unsigned max_vcpus_;
  bool shared_thread_;
  /* Maps, because pins are lent out: a later one must not move them. */
  std::map<unsigned, vcpupin::Pin> vcpus_;
  std::map<std::string, vcpupin::Pin, std::less<>> iothreads_;
  std::optional<vcpupin::Pin> emulator_;
};

namespace vcpupin {
using PinTable = ::vcpupin_table;
}

#endif
