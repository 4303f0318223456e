/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pins/asked_pins.h"

#include "base/number.h"

namespace qemu_pin {

namespace {

Result<AskedPin> read(const PinOption &option) {
  AskedPin pin;
  for (const std::string &list : option.affinity) {
    auto cpus = read_cpu_set(list);
    if (!cpus)
      return cpus.error();
    pin.cpus.insert(cpus->begin(), cpus->end());
  }
  if (pin.cpus.empty())
    return Error{"affinity is missing"};
  if (option.priority && !option.sched)
    return Error{"priority is given without sched=fifo or sched=rr"};
  if (option.sched) {
    auto sched = read_sched(*option.sched, option.priority);
    if (!sched)
      return sched.error();
    pin.sched = *sched;
  }
  return pin;
}

} // namespace

Result<> AskedPins::add(const PinOption &option) {
  const auto wrong = [&](const std::string &why) { return Error{option.text() + ": " + why}; };
  auto pin = read(option);
  if (option.option == "-vcpu") {
    const auto vcpu = number<unsigned>(option.name);
    if (!vcpu)
      return wrong("vcpunum is not a number");
    if (!pin)
      return wrong(pin.error().message);
    if (!vcpus.emplace(*vcpu, *pin).second)
      return wrong("vCPU " + option.name + " is pinned already");
  } else if (option.option == "-iothreadpin") {
    if (option.name.empty())
      return wrong("iothread is missing");
    if (!pin)
      return wrong(pin.error().message);
    if (!iothreads.emplace(option.name, *pin).second)
      return wrong("iothread '" + option.name + "' is pinned already");
  } else {
    if (!pin)
      return wrong(pin.error().message);
    if (emulator)
      return wrong("the emulator is pinned already");
    emulator = *pin;
  }
  return {};
}

Result<AskedPins> asked_by(const std::vector<PinOption> &options) {
  AskedPins pins;
  for (const PinOption &option : options)
    if (auto result = pins.add(option); !result)
      return result.error();
  return pins;
}

AskedPins asked_by(const PinPlan &plan) {
  /* A plan's lists were checked as it was read. */
  const auto pin = [](const std::string &list) { return AskedPin{*read_cpu_set(list), {}}; };
  AskedPins pins;
  for (unsigned vcpu = 0; vcpu < plan.vcpus.size(); ++vcpu)
    pins.vcpus[vcpu] = pin(plan.vcpus[vcpu]);
  for (const IothreadPin &iothread : plan.iothreads)
    if (!iothread.affinity.empty())
      pins.iothreads[iothread.id] = pin(iothread.affinity);
  if (!plan.emulator.empty())
    pins.emulator = pin(plan.emulator);
  return pins;
}

} // namespace qemu_pin
