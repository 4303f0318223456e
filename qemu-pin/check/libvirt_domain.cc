/*
 * libvirt's <domain>, as far as it is about pins
 * (https://libvirt.org/formatdomain.html: cputune, cpu, iothreads).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "check/guest_description.h"

#include <fmt/format.h>
#include <pugixml.hpp>
#include <string_view>

namespace qemu_pin {

namespace {

class Reader {
public:
  explicit Reader(pugi::xml_node domain) : domain_(domain) { guest_.dialect = Dialect::libvirt; }

  GuestDescription read() {
    topology();
    vcpus();
    iothreads();
    model();
    return std::move(guest_);
  }

private:
  std::optional<CpuSet> cpus(pugi::xml_node element, const char *name) {
    auto list = read_cpu_set(element.attribute(name).value());
    if (list)
      return *list;
    guest_.errors.push_back(fmt::format("<{} {}='{}'>: {}", element.name(), name,
                                        element.attribute(name).value(), list.error().message));
    return std::nullopt;
  }

  /* Without <topology> each vCPU is a socket. */
  void topology() {
    const unsigned all = domain_.child("vcpu").text().as_uint(1);
    guest_.topology = {all, all, 1, 1};
    pugi::xml_node given = domain_.child("cpu").child("topology");
    if (!given)
      return;
    const auto count = [&](const char *name) { return given.attribute(name).as_uint(1); };
    const GuestTopology topology = {all, count("sockets") * count("dies") * count("clusters"),
                                    count("cores"), count("threads")};
    if (std::uint64_t{topology.sockets} * topology.cores * topology.threads != all)
      guest_.errors.push_back(
          fmt::format("<topology>: {} sockets of {} cores with {} threads are not {} vCPUs",
                      topology.sockets, topology.cores, topology.threads, all));
    else
      guest_.topology = topology;
  }

  void vcpus() {
    pugi::xml_node tune = domain_.child("cputune");
    for (pugi::xml_node pin : tune.children("vcpupin"))
      if (auto set = cpus(pin, "cpuset"))
        guest_.vcpus[pin.attribute("vcpu").as_uint()] = *set;
    /* What <vcpu cpuset> names is for all that have no pin, the emulator too. */
    pugi::xml_node all = domain_.child("vcpu");
    const auto rest = all.attribute("cpuset") ? cpus(all, "cpuset") : std::nullopt;
    if (rest)
      for (unsigned vcpu = 0; vcpu < guest_.topology.cpus; ++vcpu)
        guest_.vcpus.emplace(vcpu, *rest);
    if (pugi::xml_node pin = tune.child("emulatorpin"))
      guest_.emulator = cpus(pin, "cpuset");
    else if (rest)
      guest_.emulator = rest;
  }

  void iothreads() {
    const unsigned count = domain_.child("iothreads").text().as_uint(0);
    for (unsigned id = 1; id <= count; ++id)
      guest_.iothreads.push_back(std::to_string(id));
    for (pugi::xml_node pin : domain_.child("cputune").children("iothreadpin"))
      if (auto set = cpus(pin, "cpuset"))
        guest_.iothread_pins[pin.attribute("iothread").value()] = *set;
  }

  void model() {
    pugi::xml_node cpu = domain_.child("cpu");
    const std::string mode = cpu.attribute("mode").value();
    guest_.cpu_model = mode.empty() || mode == "custom" ? cpu.child("model").text().get() : mode;
    guest_.topoext = guest_.cpu_model.starts_with("EPYC") || guest_.cpu_model.starts_with("Dhyana");
    for (pugi::xml_node feature : cpu.children("feature"))
      if (std::string_view(feature.attribute("name").value()) == "topoext") {
        const std::string_view policy = feature.attribute("policy").value();
        guest_.topoext = policy.empty() || policy == "require" || policy == "force";
      }
  }

  pugi::xml_node domain_;
  GuestDescription guest_;
};

} // namespace

Result<GuestDescription> read_libvirt_domain(const std::string &xml) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(xml.data(), xml.size());
  if (!parsed)
    return Error{fmt::format("this is not XML: {} (byte {})", parsed.description(), parsed.offset)};
  pugi::xml_node domain = document.child("domain");
  if (!domain)
    return Error{"this is no <domain> of libvirt's"};
  return Reader(domain).read();
}

} // namespace qemu_pin
