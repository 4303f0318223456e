/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/libvirt_commandline.h"

#include "check/qemu_options.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

namespace qemu_pin {

namespace {

constexpr std::string_view name_space = "http://libvirt.org/schemas/domain/qemu/1.0";

bool ends_with(std::string_view name, std::string_view end) {
  return name.ends_with(end);
}

/* The URI that a prefix stands for here; "" if nothing declares it. */
std::string_view declared(pugi::xml_node node, const std::string &prefix) {
  for (; node; node = node.parent())
    if (const pugi::xml_attribute uri = node.attribute(("xmlns:" + prefix).c_str()))
      return uri.value();
  return "";
}

class Reader {
public:
  Reader(const SmpOption &smp, GuestDescription &guest) : guest_(guest) { options_.smp() = smp; }

  void read(const std::vector<std::string> &arguments) {
    options_.read(arguments);
    guest_.errors.insert(guest_.errors.end(), options_.errors().begin(), options_.errors().end());
    guest_.notes.insert(guest_.notes.end(), options_.notes().begin(), options_.notes().end());
    smp();
    if (options_.has_cpu()) {
      guest_.unread.cpu_model = false;
      options_.describe_cpu(guest_);
    }
    for (const std::string &id : options_.iothreads())
      guest_.iothreads.push_back(id);
    pins();
  }

private:
  void smp() {
    if (!options_.has_smp())
      return;
    const auto counts = options_.counts();
    if (!counts || options_.unread().topology) {
      if (!counts)
        guest_.errors.push_back(counts.error().message);
      guest_.unread.topology = true;
      return;
    }
    guest_.topology = counts->topology();
    guest_.absent = CpuSet();
    for (unsigned vcpu = counts->present; vcpu < counts->all; ++vcpu)
      guest_.absent.insert(vcpu);
  }

  /* libvirt pins threads when QEMU has made them. What <vcpu cpuset> says is a pin, too. */
  void pins() {
    const AskedPins &asked = options_.pins();
    CpuSet beaten;
    for (const auto &[vcpu, pin] : asked.vcpus) {
      if (guest_.start_set || guest_.vcpus.contains(vcpu))
        beaten.insert(vcpu);
      else
        guest_.vcpus[vcpu] = pin.cpus;
    }
    if (!beaten.empty())
      has_no_effect("-vcpu",
                    fmt::format("vCPU{} {}", beaten.size() == 1 ? "" : "s", cpu_list(beaten)));
    if (asked.emulator && (guest_.start_set || guest_.emulator))
      has_no_effect("-emulatorpin", "the emulator");
    else if (asked.emulator)
      guest_.emulator = asked.emulator->cpus;
    for (const auto &[name, pin] : asked.iothreads) {
      const std::string id = libvirt_id(name);
      if (guest_.start_set || guest_.iothread_pins.contains(id))
        has_no_effect("-iothreadpin", "iothread " + id);
      else
        guest_.iothread_pins[id] = pin.cpus;
    }
    guest_.unread.vcpus.merge(options_.unread().vcpus);
    guest_.unread.any_vcpu |= options_.unread().any_vcpu;
    guest_.unread.emulator |= options_.unread().emulator;
    guest_.unread.iothreads |= options_.unread().iothreads;
  }

  void has_no_effect(const std::string &option, const std::string &thread) {
    guest_.notes.push_back(
        fmt::format("<qemu:commandline>: {} has no effect on {}: libvirt pins it "
                    "later, and libvirt's pin stays",
                    option, thread));
  }

  /* "iothread2" is QEMU's name of libvirt's iothread 2. */
  std::string libvirt_id(const std::string &name) const {
    const std::string id = name.starts_with("iothread") ? name.substr(8) : name;
    const bool is_libvirts =
        std::find(guest_.iothreads.begin(), guest_.iothreads.end(), id) != guest_.iothreads.end();
    return is_libvirts ? id : name;
  }

  GuestDescription &guest_;
  /* A file that a domain names is the host's, and not read. */
  const ReadFile refuse_ = [](const std::string &path) -> Result<std::string> {
    return Error{path + ": check does not read the files that a domain names"};
  };
  QemuOptions options_{refuse_};
};

} // namespace

void read_libvirt_commandline(const pugi::xml_node &domain, const SmpOption &smp,
                              GuestDescription &guest) {
  std::vector<std::string> arguments;
  for (pugi::xml_node child : domain.children()) {
    const std::string name = child.name();
    if (!ends_with(name, ":commandline") && name != "commandline")
      continue;
    const std::string prefix = name.substr(0, name.rfind(':'));
    const bool is_declared = name != "commandline" && declared(child, prefix) == name_space;
    if (!is_declared && domain.type() == pugi::node_element) {
      guest.notes.push_back(
          fmt::format("libvirt ignores <{}>: <domain> lacks xmlns:qemu='{}'", name, name_space));
      continue;
    }
    for (pugi::xml_node argument : child.children())
      if (ends_with(argument.name(), ":arg") || std::string_view(argument.name()) == "arg")
        arguments.emplace_back(argument.attribute("value").value());
  }
  if (!arguments.empty())
    Reader(smp, guest).read(arguments);
}

} // namespace qemu_pin
