/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pin_table.h"

#include "cpu_list.h"
#include "message.h"

#include <span>
#include <string>
#include <utility>

using vcpupin::CpuSet;
using vcpupin::Error;
using vcpupin::Host;
using vcpupin::Pin;
using vcpupin::Result;

namespace {

std::string name_vcpu(unsigned vcpu) {
  return "vCPU " + std::to_string(vcpu);
}

/* With the scheduling, for pins that differ in it. */
std::string name_whole(const Pin &pin) {
  return "host " + vcpupin::name_cpus(pin.cpus) + " (" + vcpupin::name_sched(pin.sched) + ")";
}

Error pinned_already(const std::string &thread, const Pin &pin) {
  return Error{thread + " is pinned already (to " + vcpupin::name_pin(pin) + ")"};
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

vcpupin_table::vcpupin_table(std::optional<Host> host, Pin start, unsigned max_vcpus,
                             bool shared_thread)
    : host_(std::move(host)), start_(std::move(start)), max_vcpus_(max_vcpus),
      shared_thread_(shared_thread) {}

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

Result<Pin> vcpupin_table::parse_pin(const vcpupin_request &request) const {
  Result<CpuSet> cpus = parse_affinity({request.affinity, request.n_affinity});
  if (!cpus)
    return cpus.error();
  Result<vcpupin::Sched> sched =
      vcpupin::parse_sched(request.sched, request.priority, start_.sched);
  if (!sched)
    return sched.error();
  if (host_)
    if (auto result = host_->check(*cpus); !result)
      return result.error();
  return Pin{std::move(*cpus), *sched};
}

Result<> vcpupin_table::check_shared(unsigned vcpu, const Pin &pin) const {
  if (!shared_thread_ || vcpus_.empty() || vcpus_.begin()->second == pin)
    return {};
  const auto &[other, others] = *vcpus_.begin();
  const auto name = pin.cpus == others.cpus ? name_whole : vcpupin::name_pin;
  return Error{name_vcpu(vcpu) + " cannot be pinned to " + name(pin) +
               ": all vCPUs share one thread, and " + name_vcpu(other) + " is pinned to " +
               name(others)};
}

Result<unsigned> vcpupin_table::add_vcpu(const vcpupin_request &request) {
  const Result<unsigned> vcpu = parse_vcpunum(request.name);
  if (!vcpu)
    return vcpu.error();
  if (const auto found = vcpus_.find(*vcpu); found != vcpus_.end())
    return pinned_already(name_vcpu(*vcpu), found->second);
  Result<Pin> pin = parse_pin(request);
  if (!pin)
    return pin.error();
  if (auto result = check_shared(*vcpu, *pin); !result)
    return result.error();
  vcpus_.emplace(*vcpu, std::move(*pin));
  return *vcpu;
}

Result<> vcpupin_table::add_iothread(const vcpupin_request &request) {
  const std::string id = request.name != nullptr ? request.name : "";
  if (id.empty())
    return Error{"iothread is missing"};
  if (const Pin *found = iothread(id))
    return pinned_already("iothread " + vcpupin::quoted(id), *found);
  Result<Pin> pin = parse_pin(request);
  if (!pin)
    return pin.error();
  iothreads_.emplace(id, std::move(*pin));
  return {};
}

Result<> vcpupin_table::add_emulator(const vcpupin_request &request) {
  if (emulator_)
    return pinned_already("the emulator", *emulator_);
  Result<Pin> pin = parse_pin(request);
  if (!pin)
    return pin.error();
  emulator_ = std::move(*pin);
  return {};
}

const Pin *vcpupin_table::vcpu(unsigned vcpu) const {
  if (vcpu >= max_vcpus_)
    return nullptr;
  const auto found = shared_thread_ ? vcpus_.begin() : vcpus_.find(vcpu);
  if (found != vcpus_.end())
    return &found->second;
  return emulator_ ? &start_ : nullptr;
}

const Pin *vcpupin_table::iothread(std::string_view id) const {
  const auto found = iothreads_.find(id);
  return found != iothreads_.end() ? &found->second : nullptr;
}

const Pin *vcpupin_table::emulator() const {
  return emulator_ ? &*emulator_ : nullptr;
}

std::vector<std::string> vcpupin_table::warnings() const {
  std::vector<std::string> warnings;
  std::map<unsigned, CpuSet> alone; /* host CPU -> vCPUs that have no other */
  CpuSet taken, sharing;            /* host CPUs of vCPUs; vCPUs that share the emulator's */
  for (const auto &[vcpu, pin] : vcpus_) {
    taken.add_all(pin.cpus);
    if (pin.cpus.count() == 1)
      alone[*pin.cpus.next_in(0)].add(vcpu);
    for (auto cpu = pin.cpus.next_in(0); cpu && emulator_; cpu = pin.cpus.next_in(*cpu + 1)) {
      if (emulator_->cpus.contains(*cpu))
        sharing.add(vcpu);
    }
  }
  for (const auto &[cpu, vcpus] : alone) {
    if (vcpus.count() > 1 && !shared_thread_)
      warnings.push_back("vCPUs " + vcpupin::format_cpu_list(vcpus) +
                         " have to take turns: all are pinned to host CPU " + std::to_string(cpu));
  }
  if (emulator_ && !emulator_->cpus.lowest_outside(taken))
    warnings.push_back("the emulator has no host CPU of its own: vCPU" +
                       std::string(sharing.count() == 1 ? " " : "s ") +
                       vcpupin::format_cpu_list(sharing) + (sharing.count() == 1 ? " is" : " are") +
                       " pinned to host " + vcpupin::name_cpus(emulator_->cpus) + " too");
  return warnings;
}
