/*
 * QEMU's command line, as far as it is about pins: -smp, -cpu, -vcpu, -emulatorpin,
 * -iothreadpin and -object iothread.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "check/guest_description.h"

#include "base/number.h"
#include "pins/asked_pins.h"
#include "pins/option_pieces.h"

#include <algorithm>
#include <fmt/format.h>

namespace qemu_pin {

namespace {

void take(GuestDescription &guest, const AskedPins &pins) {
  for (const auto &[vcpu, pin] : pins.vcpus)
    guest.vcpus[vcpu] = pin.cpus;
  for (const auto &[id, pin] : pins.iothreads)
    guest.iothread_pins[id] = pin.cpus;
  if (pins.emulator)
    guest.emulator = pins.emulator->cpus;
}

class Reader {
public:
  GuestDescription read(const std::vector<std::string> &arguments) {
    guest_.topology = {1, 1, 1, 1};
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const std::string name = option_name(arguments[i]);
      const auto reader = readers().find(name);
      if (reader == readers().end())
        continue;
      if (i + 1 == arguments.size()) {
        guest_.errors.push_back(name + ": its value is missing");
        break;
      }
      (this->*reader->second)(name, arguments[++i]);
    }
    take(guest_, requests_.pins());
    return std::move(guest_);
  }

private:
  using Read = void (Reader::*)(const std::string &option, const std::string &value);

  static const std::map<std::string, Read> &readers() {
    static const std::map<std::string, Read> all = {
        {"-smp", &Reader::smp},  {"-cpu", &Reader::cpu},         {"-object", &Reader::object},
        {"-vcpu", &Reader::pin}, {"-emulatorpin", &Reader::pin}, {"-iothreadpin", &Reader::pin},
    };
    return all;
  }

  void wrong(const std::string &option, const std::string &value, const std::string &why) {
    guest_.errors.push_back(option + " " + value + ": " + why);
  }

  /* What is not given is 1, but cores, which make up the number (as machines since
   * QEMU 6.2 do). */
  void smp(const std::string &option, const std::string &value) {
    std::map<std::string, unsigned> given;
    for (const OptionPiece &piece : option_pieces(value, "cpus")) {
      const auto count = number<unsigned>(piece.value);
      if (!count || !*count || *count > 1U << 20)
        return wrong(option, value,
                     piece.key + ": '" + piece.value + "' is not a number of at least 1");
      given[piece.key] = *count;
    }
    const auto part = [&](const char *key) { return given.contains(key) ? given[key] : 1; };
    std::uint64_t sockets = part("sockets");
    for (const char *key : {"drawers", "books", "dies", "clusters", "modules"})
      sockets *= part(key); /* each is a group of cores, as a socket is */
    const unsigned threads = part("threads");
    const unsigned wanted = given.contains("maxcpus") ? given["maxcpus"]
                            : given.contains("cpus")  ? given["cpus"]
                                                      : 0;
    std::uint64_t cores = part("cores");
    if (!given.contains("cores") && wanted)
      cores = std::max<std::uint64_t>(1, wanted / (sockets * threads));
    if (!given.contains("sockets") && given.contains("cores") && wanted)
      sockets *= std::max<std::uint64_t>(1, wanted / (sockets * cores * threads));
    const std::uint64_t all = sockets * cores * threads;
    if (all > 1U << 20 || (wanted && all != wanted))
      return wrong(option, value,
                   fmt::format("{} sockets of {} cores with {} threads are not {} vCPUs", sockets,
                               cores, threads, wanted));
    guest_.topology = {static_cast<unsigned>(all), static_cast<unsigned>(sockets),
                       static_cast<unsigned>(cores), threads};
  }

  void cpu(const std::string &, const std::string &value) {
    guest_.cpu_model = value;
    /* QEMU's models of AMD CPUs have it; "host" must be told. */
    guest_.topoext = value.starts_with("EPYC") || value.starts_with("Dhyana");
    for (const OptionPiece &piece : option_pieces(value, "model")) {
      if (piece.key == "topoext")
        guest_.topoext = piece.value == "on";
      else if (piece.key == "+topoext")
        guest_.topoext = true;
      else if (piece.key == "-topoext")
        guest_.topoext = false;
    }
  }

  void pin(const std::string &option, const std::string &value) {
    auto read = read_pin_option(option, value);
    if (auto result = read ? requests_.add(*read) : Result<>(read.error()); !result)
      guest_.errors.push_back(result.error().message);
  }

  void object(const std::string &option, const std::string &value) {
    std::string type, id;
    if (value.starts_with("{")) {
      const auto json = parse_json(value);
      if (!json.is_object())
        return wrong(option, value, "this is not JSON");
      const auto text = [&](const char *key) {
        return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
      };
      type = text("qom-type");
      id = text("id");
    } else {
      const std::vector<OptionPiece> all = option_pieces(value, "qom-type");
      type = value_of(all, "qom-type");
      id = value_of(all, "id");
    }
    if (type == "iothread")
      guest_.iothreads.push_back(id);
  }

  GuestDescription guest_;
  PinRequests requests_;
};

} // namespace

GuestDescription read_qemu_arguments(const std::vector<std::string> &arguments) {
  return Reader().read(arguments);
}

GuestDescription described(const PinPlan &plan) {
  GuestDescription guest;
  guest.topology = plan.topology;
  take(guest, asked_by(plan));
  for (const IothreadPin &iothread : plan.iothreads)
    guest.iothreads.push_back(iothread.id);
  guest.topoext = true; /* a plan says nothing of the CPU model that it will be used with */
  return guest;
}

} // namespace qemu_pin
