/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pins/asked_pins.h"

#include <new>
#include <vector>

namespace qemu_pin {

namespace {

const char *text_or_null(const std::optional<std::string> &text) {
  return text ? text->c_str() : nullptr;
}

/* "-vcpu 0,affinity=1" */
PinOption option_of(const std::string &option, const std::string &name, const std::string &list) {
  PinOption pin;
  pin.option = option;
  pin.value = (name.empty() ? "" : name + ",") + "affinity=" + list;
  pin.name = name;
  pin.affinity = {list};
  return pin;
}

} // namespace

PinRequests::PinRequests(const vcpupin_host *host, unsigned most_vcpus) {
  const std::unique_ptr<vcpupin_pin, decltype(&vcpupin_pin_free)> start(
      vcpupin_pin_new(CpuSet().get(), Sched{}), &vcpupin_pin_free);
  if (start)
    table_.reset(vcpupin_table_new(host, start.get(), most_vcpus, /*shared_thread=*/false));
  if (!table_)
    throw std::bad_alloc();
}

Result<PinRequests> PinRequests::on_this_host(unsigned most_vcpus) {
  char *message = nullptr;
  const std::unique_ptr<vcpupin_host, decltype(&vcpupin_host_free)> host(
      vcpupin_host_read(nullptr, &message), &vcpupin_host_free);
  if (!host)
    return library_error(message);
  return PinRequests(host.get(), most_vcpus);
}

Result<> PinRequests::add(const PinOption &option, const std::string &said) {
  std::vector<const char *> affinity;
  for (const std::string &list : option.affinity)
    affinity.push_back(list.c_str());
  const vcpupin_request request{option.name.c_str(), affinity.data(), affinity.size(),
                                text_or_null(option.sched), text_or_null(option.priority)};
  const auto pin = [&](const vcpupin_pin *found) {
    return AskedPin{CpuSet::copy_of(vcpupin_pin_cpus(found)),
                    option.sched ? std::optional(Sched{*vcpupin_pin_sched(found)}) : std::nullopt};
  };
  char *message = nullptr;
  unsigned vcpu = 0;
  vcpupin_table *table = table_.get();
  if (option.option == "-vcpu" && vcpupin_table_add_vcpu(table, &request, &vcpu, &message))
    pins_.vcpus[vcpu] = pin(vcpupin_table_vcpu(table, vcpu));
  else if (option.option == "-iothreadpin" && vcpupin_table_add_iothread(table, &request, &message))
    pins_.iothreads[option.name] = pin(vcpupin_table_iothread(table, option.name.c_str()));
  else if (option.option == "-emulatorpin" && vcpupin_table_add_emulator(table, &request, &message))
    pins_.emulator = pin(vcpupin_table_emulator(table));
  else
    return Error{said + ": " + library_error(message).message};
  return {};
}

Result<AskedPins> asked_by(const std::vector<PinOption> &options) {
  PinRequests requests;
  for (const PinOption &option : options)
    if (auto result = requests.add(option); !result)
      return result.error();
  return requests.pins();
}

std::vector<PinOption> options_of(const PinPlan &plan) {
  std::vector<PinOption> options;
  for (unsigned vcpu = 0; vcpu < plan.vcpus.size(); ++vcpu)
    options.push_back(option_of("-vcpu", std::to_string(vcpu), plan.vcpus[vcpu]));
  for (const IothreadPin &iothread : plan.iothreads)
    if (!iothread.affinity.empty())
      options.push_back(option_of("-iothreadpin", iothread.id, iothread.affinity));
  if (!plan.emulator.empty())
    options.push_back(option_of("-emulatorpin", "", plan.emulator));
  return options;
}

AskedPins asked_by(const PinPlan &plan) {
  return *asked_by(options_of(plan)); /* a plan's lists and ids were checked as it was read */
}

} // namespace qemu_pin
