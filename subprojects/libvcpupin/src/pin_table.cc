/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pin_table.h"

#include "cpu_list.h"
#include "message.h"

#include <string>
#include <utility>

using vcpupin::CpuSet;
using vcpupin::Error;
using vcpupin::Host;
using vcpupin::Result;

namespace {

std::string name_vcpu(unsigned vcpu) {
  return "vCPU " + std::to_string(vcpu);
}

/* The union of the lists, each of which must be right by itself. */
Result<CpuSet> parse_affinity(std::span<const char *const> lists) {
  if (lists.empty())
    return Error{"affinity is missing"};
  CpuSet pin;
  for (const char *list : lists) {
    Result<CpuSet> cpus = vcpupin::parse_cpu_list(list);
    if (!cpus)
      return Error{"affinity: " + cpus.error().message};
    pin.add_all(*cpus);
  }
  return pin;
}

} // namespace

vcpupin_table::vcpupin_table(Host host, unsigned max_vcpus, bool shared_thread)
    : host_(std::move(host)), max_vcpus_(max_vcpus), shared_thread_(shared_thread) {}

Result<unsigned> vcpupin_table::parse_vcpunum(const char *vcpunum) const {
  const std::string_view text = vcpunum != nullptr ? vcpunum : "";
  if (text.empty())
    return Error{"vcpunum is missing"};
  const std::optional<std::uint64_t> number = vcpupin::parse_number(text);
  if (!number)
    return Error{"vcpunum: " + vcpupin::quoted(text) + " is not a number"};
  if (*number < max_vcpus_)
    return static_cast<unsigned>(*number);
  const std::string range = max_vcpus_ == 0   ? "no vCPUs"
                            : max_vcpus_ == 1 ? "vCPU 0 only"
                                              : "vCPUs 0-" + std::to_string(max_vcpus_ - 1);
  return Error{"vCPU " + vcpupin::shortened(text) + " does not exist (this machine has " + range +
               ")"};
}

std::optional<Error> vcpupin_table::check(unsigned vcpu, const CpuSet &pin) const {
  if (auto failure = host_.check(pin))
    return failure;
  if (shared_thread_ && !pins_.empty()) {
    const auto &[other, mask] = *pins_.begin();
    if (mask != pin)
      return Error{name_vcpu(vcpu) + " cannot be pinned to host " + vcpupin::name_cpus(pin) +
                   ": all vCPUs share one thread, and " + name_vcpu(other) + " is pinned to host " +
                   vcpupin::name_cpus(mask)};
  }
  return std::nullopt;
}

Result<unsigned> vcpupin_table::add_vcpu(const char *vcpunum,
                                         std::span<const char *const> affinity) {
  const Result<unsigned> vcpu = parse_vcpunum(vcpunum);
  if (!vcpu)
    return vcpu.error();
  if (const auto found = pins_.find(*vcpu); found != pins_.end())
    return Error{name_vcpu(*vcpu) + " is pinned already (to host " +
                 vcpupin::name_cpus(found->second) + ")"};
  Result<CpuSet> pin = parse_affinity(affinity);
  if (!pin)
    return pin.error();
  if (auto failure = check(*vcpu, *pin))
    return *failure;
  pins_.emplace(*vcpu, std::move(*pin));
  return *vcpu;
}

const CpuSet *vcpupin_table::find(unsigned vcpu) const {
  if (vcpu >= max_vcpus_)
    return nullptr;
  if (shared_thread_)
    return pins_.empty() ? nullptr : &pins_.begin()->second;
  const auto found = pins_.find(vcpu);
  return found != pins_.end() ? &found->second : nullptr;
}
