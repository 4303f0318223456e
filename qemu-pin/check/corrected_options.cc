/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/corrected_options.h"

#include "plan/formats.h"

#include <fmt/format.h>

namespace qemu_pin {

namespace {

std::string vcpu(Dialect dialect, unsigned vcpu, const std::string &cpus) {
  return dialect == Dialect::qemu ? vcpu_option(vcpu, cpus)
                                  : fmt::format("<vcpupin vcpu='{}' cpuset='{}'/>", vcpu, cpus);
}

std::string emulator(Dialect dialect, const std::string &cpus) {
  return dialect == Dialect::qemu ? emulator_option(cpus)
                                  : fmt::format("<emulatorpin cpuset='{}'/>", cpus);
}

std::string iothread(Dialect dialect, const std::string &id, const std::string &cpus) {
  return dialect == Dialect::qemu
             ? iothread_option(id, cpus)
             : fmt::format("<iothreadpin iothread='{}' cpuset='{}'/>", id, cpus);
}

std::string topology(Dialect dialect, const GuestTopology &topology) {
  return dialect == Dialect::qemu
             ? smp_option(topology)
             : fmt::format("<topology sockets='{}' dies='1' cores='{}' threads='{}'/>",
                           topology.sockets, topology.cores, topology.threads);
}

std::string topoext(Dialect dialect, const std::string &cpu_model) {
  return dialect == Dialect::qemu
             ? "-cpu " + (cpu_model.empty() ? "host" : cpu_model) + ",topoext=on"
             : "<feature policy='require' name='topoext'/>";
}

std::vector<std::string> vcpus(const GuestDescription &guest, const GuestDescription &mended) {
  std::vector<std::string> lines;
  for (const auto &[number, cpus] : mended.vcpus) {
    const auto now = guest.vcpus.find(number);
    if (now == guest.vcpus.end() || now->second != cpus)
      lines.push_back(vcpu(guest.dialect, number, cpu_list(cpus)));
  }
  return lines;
}

} // namespace

std::vector<std::string> corrected_options(const GuestDescription &guest,
                                           const GuestDescription &mended, const Fault &fault) {
  switch (fault.part) {
  case Part::unknown:
    break;
  case Part::vcpus:
    return vcpus(guest, mended);
  case Part::topology:
    return {topology(guest.dialect, mended.topology)};
  case Part::emulator:
    if (mended.emulator)
      return {emulator(guest.dialect, cpu_list(*mended.emulator))};
    break;
  case Part::iothread:
    if (const auto pin = mended.iothread_pins.find(fault.iothread);
        pin != mended.iothread_pins.end())
      return {iothread(guest.dialect, fault.iothread, cpu_list(pin->second))};
    break;
  case Part::cpu_model:
    return {topoext(guest.dialect, guest.cpu_model)};
  }
  return {};
}

} // namespace qemu_pin
