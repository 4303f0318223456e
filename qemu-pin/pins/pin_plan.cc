/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pins/pin_plan.h"

#include "base/json.h"

#include "base/cpu_set.h"
#include "base/text_file.h"

#include <algorithm>
#include <fmt/format.h>
#include <stdexcept>

namespace qemu_pin {

namespace {

constexpr int version = 1;

/* A member of the document that must not be as it is. */
[[noreturn]] void refuse(const std::string &member, const std::string &what) {
  throw std::invalid_argument(member + ": " + what);
}

const OrderedJson &member(const OrderedJson &object, const std::string &name) {
  if (!object.is_object() || !object.contains(name))
    refuse(name, "is missing");
  return object.at(name);
}

unsigned count(const OrderedJson &object, const std::string &name) {
  const OrderedJson &value = member(object, name);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() < 1 ||
      value.get<std::uint64_t>() > 1U << 20)
    refuse(name, "is not a number of at least 1");
  return value.get<unsigned>();
}

std::string text(const OrderedJson &value, const std::string &name) {
  if (!value.is_string())
    refuse(name, "is not a string");
  return value.get<std::string>();
}

std::string affinity(const OrderedJson &value, const std::string &name) {
  auto cpus = read_cpu_set(text(value, name));
  if (!cpus)
    refuse(name, cpus.error().message);
  return cpu_list(*cpus);
}

const OrderedJson &list(const OrderedJson &document, const std::string &name) {
  const OrderedJson &value = member(document, name);
  if (!value.is_array())
    refuse(name, "is not a list");
  return value;
}

/* As QEMU has them: it is an argument in the end. */
bool is_id(const std::string &id) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !id.empty() && is_letter(id[0]) && std::all_of(id.begin(), id.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

bool has_iothread(const PinPlan &plan, const std::string &id) {
  return std::any_of(plan.iothreads.begin(), plan.iothreads.end(),
                     [&](const IothreadPin &iothread) { return iothread.id == id; });
}

PinPlan read(const OrderedJson &document) {
  if (!document.is_object() || !document.contains("qemu-pin-plan"))
    throw std::invalid_argument("this is no plan of qemu-pin's (qemu-pin-plan is missing)");
  if (document.at("qemu-pin-plan") != version)
    refuse("qemu-pin-plan", fmt::format("version {} is not {}, which is all that is read here",
                                        json_line(document.at("qemu-pin-plan")), version));
  PinPlan plan;
  const OrderedJson &smp = member(document, "smp");
  plan.topology = {count(smp, "cpus"), count(smp, "sockets"), count(smp, "cores"),
                   count(smp, "threads")};
  const GuestTopology &topology = plan.topology;
  if (std::uint64_t{topology.sockets} * topology.cores * topology.threads != topology.cpus)
    refuse("smp", "cpus is not sockets * cores * threads");
  for (const OrderedJson &vcpu : list(document, "vcpus"))
    plan.vcpus.push_back(affinity(vcpu, fmt::format("vcpus[{}]", plan.vcpus.size())));
  if (plan.vcpus.size() != topology.cpus)
    refuse("vcpus", fmt::format("has {} entries for {} vCPUs", plan.vcpus.size(), topology.cpus));
  if (document.contains("emulator"))
    plan.emulator = affinity(document.at("emulator"), "emulator");
  for (const OrderedJson &iothread : list(document, "iothreads")) {
    const std::string name = fmt::format("iothreads[{}]", plan.iothreads.size());
    if (!iothread.is_object() || !iothread.contains("id"))
      refuse(name + ".id", "is missing");
    IothreadPin pin{text(iothread.at("id"), name + ".id"), ""};
    if (!is_id(pin.id))
      refuse(name + ".id", "'" + pin.id + "' is not an identifier of QEMU's");
    if (has_iothread(plan, pin.id))
      refuse(name + ".id", "there is another '" + pin.id + "'");
    if (iothread.contains("affinity"))
      pin.affinity = affinity(iothread.at("affinity"), name + ".affinity");
    plan.iothreads.push_back(std::move(pin));
  }
  for (const OrderedJson &disk : list(document, "disks")) {
    const std::string id = text(disk, "disks");
    if (!has_iothread(plan, id))
      refuse("disks", "there is no iothread '" + id + "'");
    plan.disks.push_back(id);
  }
  const OrderedJson &topoext = member(document, "topoext");
  if (!topoext.is_boolean())
    refuse("topoext", "is neither true nor false");
  plan.topoext = topoext.get<bool>();
  if (document.contains("accepted"))
    for (const OrderedJson &kind : list(document, "accepted"))
      plan.accepted.push_back(text(kind, "accepted"));
  return plan;
}

} // namespace

std::string to_json(const PinPlan &plan) {
  OrderedJson document;
  document["qemu-pin-plan"] = version;
  document["smp"] = {{"cpus", plan.topology.cpus},
                     {"sockets", plan.topology.sockets},
                     {"cores", plan.topology.cores},
                     {"threads", plan.topology.threads}};
  document["vcpus"] = plan.vcpus;
  if (!plan.emulator.empty())
    document["emulator"] = plan.emulator;
  document["iothreads"] = OrderedJson::array();
  for (const IothreadPin &iothread : plan.iothreads) {
    OrderedJson &entry = document["iothreads"].emplace_back(OrderedJson{{"id", iothread.id}});
    if (!iothread.affinity.empty())
      entry["affinity"] = iothread.affinity;
  }
  document["disks"] = plan.disks;
  document["topoext"] = plan.topoext;
  if (!plan.accepted.empty())
    document["accepted"] = plan.accepted;
  return json_document(document);
}

Result<PinPlan> plan_from_json(const std::string &text) {
  try {
    return read(parse_ordered_json(text));
  } catch (const OrderedJson::parse_error &error) {
    return Error{fmt::format("this is not JSON (byte {})", error.byte)};
  } catch (const OrderedJson::out_of_range &) {
    return Error{"a number in it is larger than any that a program can hold"};
  } catch (const std::invalid_argument &error) {
    return Error{error.what()};
  }
}

Result<PinPlan> read_plan(const std::string &path) {
  auto text = read_text_file(path);
  if (!text)
    return text.error();
  auto plan = plan_from_json(*text);
  return plan ? plan : Error{path + ": " + plan.error().message};
}

} // namespace qemu_pin
