/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/corrected_options.h"

#include "check/guest_cores.h"
#include "plan/formats.h"

#include <fmt/format.h>

namespace qemu_pin {

namespace {

class Corrections {
public:
  Corrections(const GuestDescription &guest, const GuestDescription &mended)
      : guest_(guest), mended_(mended), is_qemu_(guest.dialect == Dialect::qemu) {}

  std::vector<CorrectedOption> all(bool cpu_model) {
    if (guest_.topology != mended_.topology)
      add(Part::topology, topology());
    if (cpu_model)
      add(Part::cpu_model, topoext());
    for (const auto &[vcpu, cpus] : mended_.vcpus)
      if (differs(guest_.vcpus, vcpu, cpus))
        add(Part::vcpus,
            is_qemu_ ? vcpu_option(vcpu, cpu_list(cpus))
                     : fmt::format("<vcpupin vcpu='{}' cpuset='{}'/>", vcpu, cpu_list(cpus)));
    if (mended_.emulator && guest_.emulator != mended_.emulator)
      add(Part::emulator,
          is_qemu_ ? emulator_option(cpu_list(*mended_.emulator))
                   : fmt::format("<emulatorpin cpuset='{}'/>", cpu_list(*mended_.emulator)));
    for (const auto &[id, cpus] : mended_.iothread_pins)
      if (differs(guest_.iothread_pins, id, cpus))
        add(Part::iothread,
            is_qemu_ ? iothread_option(id, cpu_list(cpus))
                     : fmt::format("<iothreadpin iothread='{}' cpuset='{}'/>", id, cpu_list(cpus)),
            id);
    return std::move(options_);
  }

private:
  void add(Part part, std::string text, const std::string &iothread = "") {
    options_.push_back({part, iothread, std::move(text)});
  }

  template <typename Key>
  static bool differs(const std::map<Key, CpuSet> &pins, const Key &key, const CpuSet &cpus) {
    const auto pin = pins.find(key);
    return pin == pins.end() || pin->second != cpus;
  }

  std::string topology() const {
    const GuestTopology &topology = mended_.topology;
    if (!is_qemu_)
      return fmt::format("<topology sockets='{}' dies='1' cores='{}' threads='{}'/>",
                         topology.sockets, topology.cores, topology.threads);
    if (mended_.absent.empty())
      return smp_option(topology);
    return fmt::format("-smp {},maxcpus={},sockets={},cores={},threads={}",
                       present_vcpus(mended_).size(), topology.cpus, topology.sockets,
                       topology.cores, topology.threads);
  }

  std::string topoext() const {
    if (!is_qemu_)
      return "<feature policy='require' name='topoext'/>";
    std::string model = guest_.cpu_model.empty() ? "host" : guest_.cpu_model;
    /* QEMU gives "-topoext" the last word wherever it stands. */
    for (const char *off : {",-topoext", ",topoext=off", ",topoext=no", ",topoext=false"})
      if (const std::size_t at = model.find(off); at != std::string::npos)
        model.erase(at, std::string_view(off).size());
    return "-cpu " + model + ",topoext=on";
  }

  const GuestDescription &guest_, &mended_;
  const bool is_qemu_;
  std::vector<CorrectedOption> options_;
};

} // namespace

std::vector<CorrectedOption> corrected_options(const GuestDescription &guest,
                                               const GuestDescription &mended, bool cpu_model) {
  return Corrections(guest, mended).all(cpu_model);
}

} // namespace qemu_pin
