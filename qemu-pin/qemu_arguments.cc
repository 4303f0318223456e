/*
 * QEMU's command line, as far as it is about pins: -smp, -cpu, -vcpu, -emulatorpin,
 * -iothreadpin and -object iothread.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "guest_description.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace qemu_pin {

namespace {

/* KEY=VALUE, or a word without '=', which QEMU gives to the option's first key. */
struct Piece {
  std::string key;
  std::string value;
};

/* QEMU parts an option's value at commas; two of them stand for one. */
std::vector<Piece> pieces(const std::string &text, const std::string &first_key) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ',')
      words.back() += text[i];
    else if (i + 1 < text.size() && text[i + 1] == ',')
      words.back() += text[i++];
    else
      words.emplace_back();
  }
  std::vector<Piece> found;
  for (const std::string &word : words) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos)
      found.push_back({word.substr(0, equals), word.substr(equals + 1)});
    else if (!word.empty())
      found.push_back({found.empty() ? first_key : word, found.empty() ? word : "on"});
  }
  return found;
}

std::optional<unsigned> number(const std::string &text) {
  unsigned value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

class Reader {
public:
  GuestDescription read(const std::vector<std::string> &arguments) {
    guest_.topology = {1, 1, 1, 1};
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      std::string name = arguments[i];
      if (name.starts_with("--"))
        name.erase(0, 1);
      const auto reader = readers().find(name);
      if (reader == readers().end())
        continue;
      if (i + 1 == arguments.size()) {
        guest_.errors.push_back(name + ": its value is missing");
        break;
      }
      (this->*reader->second)(arguments[++i]);
    }
    return std::move(guest_);
  }

private:
  using Read = void (Reader::*)(const std::string &);

  static const std::map<std::string, Read> &readers() {
    static const std::map<std::string, Read> all = {
        {"-smp", &Reader::smp},       {"-cpu", &Reader::cpu},
        {"-vcpu", &Reader::vcpu},     {"-emulatorpin", &Reader::emulator},
        {"-object", &Reader::object}, {"-iothreadpin", &Reader::iothread},
    };
    return all;
  }

  void wrong(const std::string &option, const std::string &value, const std::string &why) {
    guest_.errors.push_back(option + " " + value + ": " + why);
  }

  /* What is not given is 1, but cores, which make up the number (as machines since
   * QEMU 6.2 do). */
  void smp(const std::string &value) {
    std::map<std::string, unsigned> given;
    for (const Piece &piece : pieces(value, "cpus")) {
      const auto count = number(piece.value);
      if (!count || !*count || *count > 1U << 20)
        return wrong("-smp", value,
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
      return wrong("-smp", value,
                   fmt::format("{} sockets of {} cores with {} threads are not {} vCPUs", sockets,
                               cores, threads, wanted));
    guest_.topology = {static_cast<unsigned>(all), static_cast<unsigned>(sockets),
                       static_cast<unsigned>(cores), threads};
  }

  void cpu(const std::string &value) {
    guest_.cpu_model = value;
    /* QEMU's models of AMD CPUs have it; "host" must be told. */
    guest_.topoext = value.starts_with("EPYC") || value.starts_with("Dhyana");
    for (const Piece &piece : pieces(value, "model")) {
      if (piece.key == "topoext")
        guest_.topoext = piece.value == "on";
      else if (piece.key == "+topoext")
        guest_.topoext = true;
      else if (piece.key == "-topoext")
        guest_.topoext = false;
    }
  }

  /* The union of all affinity=; no value if there is something wrong with it. */
  std::optional<CpuSet> affinity(const std::string &option, const std::string &value,
                                 const std::vector<Piece> &all) {
    CpuSet cpus;
    for (const Piece &piece : all) {
      if (piece.key != "affinity")
        continue;
      auto list = read_cpu_set(piece.value);
      if (!list) {
        wrong(option, value, list.error().message);
        return std::nullopt;
      }
      cpus.insert(list->begin(), list->end());
    }
    if (cpus.empty()) {
      wrong(option, value, "affinity is missing");
      return std::nullopt;
    }
    return cpus;
  }

  static std::string value_of(const std::vector<Piece> &all, const std::string &key) {
    for (const Piece &piece : all)
      if (piece.key == key)
        return piece.value;
    return "";
  }

  void vcpu(const std::string &value) {
    const std::vector<Piece> all = pieces(value, "vcpunum");
    const auto index = number(value_of(all, "vcpunum"));
    if (!index)
      return wrong("-vcpu", value, "vcpunum is not a number");
    if (auto cpus = affinity("-vcpu", value, all))
      if (!guest_.vcpus.emplace(*index, *cpus).second)
        wrong("-vcpu", value, fmt::format("vCPU {} is pinned already", *index));
  }

  void emulator(const std::string &value) {
    if (guest_.emulator)
      return wrong("-emulatorpin", value, "the emulator is pinned already");
    guest_.emulator = affinity("-emulatorpin", value, pieces(value, "affinity"));
  }

  void iothread(const std::string &value) {
    const std::vector<Piece> all = pieces(value, "iothread");
    const std::string id = value_of(all, "iothread");
    if (auto cpus = affinity("-iothreadpin", value, all))
      if (!guest_.iothread_pins.emplace(id, *cpus).second)
        wrong("-iothreadpin", value, "iothread '" + id + "' is pinned already");
  }

  void object(const std::string &value) {
    std::string type, id;
    if (value.starts_with("{")) {
      const auto json = nlohmann::json::parse(value, nullptr, false);
      if (!json.is_object())
        return wrong("-object", value, "this is not JSON");
      const auto text = [&](const char *key) {
        return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
      };
      type = text("qom-type");
      id = text("id");
    } else {
      const std::vector<Piece> all = pieces(value, "qom-type");
      type = value_of(all, "qom-type");
      id = value_of(all, "id");
    }
    if (type == "iothread")
      guest_.iothreads.push_back(id);
  }

  GuestDescription guest_;
};

} // namespace

GuestDescription read_qemu_arguments(const std::vector<std::string> &arguments) {
  return Reader().read(arguments);
}

GuestDescription described(const PinPlan &plan) {
  GuestDescription guest;
  guest.topology = plan.topology;
  const auto read = [](const std::string &list) {
    auto cpus = read_cpu_set(list);
    return cpus ? *cpus : CpuSet(); /* a plan's lists have been read before */
  };
  for (unsigned vcpu = 0; vcpu < plan.vcpus.size(); ++vcpu)
    guest.vcpus[vcpu] = read(plan.vcpus[vcpu]);
  if (!plan.emulator.empty())
    guest.emulator = read(plan.emulator);
  for (const IothreadPin &iothread : plan.iothreads) {
    guest.iothreads.push_back(iothread.id);
    if (!iothread.affinity.empty())
      guest.iothread_pins[iothread.id] = read(iothread.affinity);
  }
  guest.topoext = true; /* a plan says nothing of the CPU model that it will be used with */
  return guest;
}

} // namespace qemu_pin
