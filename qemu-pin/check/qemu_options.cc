/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/qemu_options.h"

#include "base/json.h"
#include "base/number.h"
#include "check/config_groups.h"
#include "check/keyval.h"
#include "check/option_names.h"
#include "pins/option_pieces.h"

#include <algorithm>
#include <fmt/format.h>

namespace qemu_pin {

namespace {

constexpr unsigned most_host_node = 16383; /* above the kernel's limit, and libvirt's */
constexpr int json_depth = 32;

/* "pc-q35-6.1" and "virt-5.2+pve0" are older than 6.2; a machine without a version is not. */
bool is_older_than_6_2(const std::string &machine) {
  const std::string name = machine.substr(0, machine.find('+'));
  const std::string version = name.substr(name.rfind('-') + 1);
  const std::size_t dot = std::min(version.find('.'), version.size());
  const auto major = number<unsigned>(std::string_view(version).substr(0, dot));
  const auto minor =
      number<unsigned>(std::string_view(version).substr(std::min(dot + 1, version.size())));
  return major && minor && (*major < 6 || (*major == 6 && *minor < 2));
}

bool is_memory_backend(const std::string &type) {
  return type.starts_with("memory-backend-");
}

/* An option's value, as it would be typed. */
std::string typed(const std::vector<OptionPiece> &pieces) {
  std::string text;
  for (const OptionPiece &piece : pieces) {
    text += (text.empty() ? "" : ",") + piece.key + "=";
    for (const char c : piece.value)
      text += c == ',' ? ",," : std::string(1, c);
  }
  return text;
}

} // namespace

void QemuOptions::read(const std::vector<std::string> &options) {
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (!options[i].starts_with("-"))
      continue; /* a disk image */
    const std::string name = option_name(options[i]);
    const auto has_value = takes_value(name.substr(1));
    if (const std::size_t equals = name.find('=');
        equals != std::string::npos && takes_value(name.substr(1, equals - 1))) {
      wrong(name, "QEMU takes no '=' here: write " + name.substr(0, equals) + " " +
                      name.substr(equals + 1));
      unread_.topology = unread_.topology || name.starts_with("-smp=");
      unread_.any_vcpu = unread_.any_vcpu || name.starts_with("-vcpu=");
      continue;
    }
    if (!has_value) {
      const bool is_pin =
          i + 1 < options.size() && options[i + 1].find("affinity=") != std::string::npos;
      if (is_pin)
        wrong(name + " " + options[i + 1],
              "QEMU has no such option (-vcpu, -iothreadpin and -emulatorpin pin)");
      else
        notes_.push_back(name + ": check knows no such option of QEMU's, and passes it over");
      unread_.any_vcpu = unread_.any_vcpu || is_pin;
      continue;
    }
    if (!*has_value)
      continue;
    if (i + 1 == options.size()) {
      errors_.push_back(name + ": its value is missing");
      return;
    }
    take(name, options[++i]);
  }
}

void QemuOptions::take(const std::string &option, const std::string &value) {
  const std::string said = option + " " + value;
  if (option == "-smp" || option == "-machine" || option == "-M") {
    const auto pieces = keyval_pieces(value, option == "-smp" ? "cpus" : "type");
    if (!pieces) {
      wrong(said, pieces.error().message);
      unread_.topology = unread_.topology || option == "-smp";
    } else if (option == "-smp") {
      add_smp(said, *pieces);
    } else {
      machine(said, *pieces);
    }
  } else if (option == "-cpu") {
    cpu_ = value;
  } else if (option == "-numa") {
    numa(said, option_pieces(value, "type"));
  } else if (option == "-object") {
    if (value.starts_with("{"))
      object_json(said, value);
    else
      object(said, option_pieces(value, "qom-type"));
  } else if (option == "-vcpu" || option == "-iothreadpin" || option == "-emulatorpin") {
    pin(option, value);
  } else if (option == "-readconfig") {
    read_config(value);
  } else if (option == "-global" && value.find("topoext") != std::string::npos) {
    notes_.push_back(said + ": check does not follow -global; use -cpu MODEL,topoext=on");
    unread_.cpu_model = true;
  }
}

void QemuOptions::wrong(const std::string &said, const std::string &why) {
  errors_.push_back(said + ": " + why);
}

void QemuOptions::add_smp(const std::string &said, const std::vector<OptionPiece> &pieces) {
  smp_said_ += (smp_said_.empty() ? "" : " ") + said;
  for (const OptionPiece &piece : pieces)
    if (auto added = smp_.add(piece.key, piece.value); !added) {
      wrong(said, added.error().message);
      unread_.topology = true;
    }
}

void QemuOptions::machine(const std::string &said, const std::vector<OptionPiece> &pieces) {
  std::vector<OptionPiece> smp;
  for (const OptionPiece &piece : pieces) {
    if (piece.key == "type")
      machine_type_ = piece.value;
    else if (piece.key == "memory-backend")
      numa_.set_machine_backend(piece.value);
    else if (piece.key.starts_with("smp."))
      smp.push_back({piece.key.substr(4), piece.value});
    else if (piece.key == "smp")
      wrong(said, "smp is not a number: write smp.cpus=" + piece.value);
  }
  if (!smp.empty())
    add_smp(said, smp);
}

void QemuOptions::numa(const std::string &said, const std::vector<OptionPiece> &pieces) {
  if (auto added = numa_.add(pieces); !added)
    wrong(said, added.error().message);
}

void QemuOptions::object(const std::string &said, const std::vector<OptionPiece> &pieces) {
  const std::string type = value_of(pieces, "qom-type"), id = value_of(pieces, "id");
  if (type == "iothread") {
    for (const OptionPiece &piece : pieces) {
      const auto is = [&](const char *key) { return piece.key == key; };
      if (!is("qom-type") && !is("id") && !is("aio-max-batch") && !is("thread-pool-min") &&
          !is("thread-pool-max") && !piece.key.starts_with("poll-"))
        wrong(said, "an iothread has no '" + piece.key + "'");
    }
    iothread(said, id);
  } else if (is_memory_backend(type)) {
    Result<CpuSet> nodes = CpuSet();
    for (const OptionPiece &piece : pieces)
      if (piece.key == "host-nodes" || piece.key.starts_with("host-nodes.")) {
        auto more = qemu_ranges(piece.value, most_host_node);
        if (more && nodes)
          nodes->merge(*more);
        else if (nodes)
          nodes = Error{"host-nodes: " + more.error().message};
      }
    memory_backend(said, id, nodes, value_of(pieces, "policy"));
  }
}

void QemuOptions::object_json(const std::string &said, const std::string &value) {
  const JsonText read = parse_json(value, json_depth);
  if (!read.json || !read.json->is_object())
    return wrong(said, "this is not JSON");
  const Json &json = *read.json;
  const auto text = [&](const char *key) {
    return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
  };
  if (text("qom-type") == "iothread")
    return iothread(said, text("id"));
  if (!is_memory_backend(text("qom-type")))
    return;
  Result<CpuSet> nodes = CpuSet();
  if (json.contains("host-nodes")) {
    const Json &list = json["host-nodes"];
    bool is_right = list.is_array();
    for (const Json &node : is_right ? list : Json::array()) {
      is_right =
          is_right && node.is_number_unsigned() && node.get<std::uint64_t>() <= most_host_node;
      if (is_right)
        nodes->insert(node.get<unsigned>());
    }
    if (!is_right)
      nodes = Error{"host-nodes is not a list of nodes"};
  }
  memory_backend(said, text("id"), nodes, text("policy"));
}

void QemuOptions::memory_backend(const std::string &said, const std::string &id,
                                 const Result<CpuSet> &nodes, const std::string &policy) {
  const bool is_default = policy.empty() || policy == "default";
  if (id.empty())
    return wrong(said, "its id is missing");
  if (!nodes)
    return wrong(said, nodes.error().message);
  if (!is_default && policy != "bind" && policy != "preferred" && policy != "interleave")
    return wrong(said,
                 "there is no policy '" + policy + "' (default, preferred, bind, interleave)");
  if (is_default && !nodes->empty())
    return wrong(said, "host-nodes have no effect without policy=bind, preferred or interleave");
  if (!is_default && nodes->empty())
    return wrong(said, "policy=" + policy + " needs host-nodes");
  numa_.add_backend(id, *nodes, policy == "bind");
}

void QemuOptions::iothread(const std::string &said, const std::string &id) {
  if (id.empty())
    wrong(said, "its id is missing");
  else if (std::find(iothreads_.begin(), iothreads_.end(), id) != iothreads_.end())
    wrong(said, "there is an iothread '" + id + "' already");
  else
    iothreads_.push_back(id);
}

void QemuOptions::pin(const std::string &option, const std::string &value) {
  auto read = read_pin_option(option, value);
  auto added = read ? pins_.add(*read) : Result<>(read.error());
  if (added)
    return;
  errors_.push_back(added.error().message);
  if (option == "-emulatorpin") {
    unread_.emulator = true;
  } else if (option == "-iothreadpin") {
    unread_.iothreads = true;
  } else if (const auto vcpu = read ? number<unsigned>(read->name) : std::nullopt;
             vcpu && *vcpu < most_vcpus) {
    unread_.vcpus.insert(*vcpu);
  } else {
    unread_.any_vcpu = true;
  }
}

void QemuOptions::read_config(const std::string &path) {
  auto text = read_file_(path);
  if (!text) /* it may be on the host that the command line is for */
    return notes_.push_back("-readconfig " + text.error().message +
                            "; what the file says is not known here");
  auto groups = config_groups(*text);
  if (!groups)
    return wrong("-readconfig " + path, groups.error().message);
  for (ConfigGroup &group : *groups) {
    const std::string said = fmt::format("-readconfig {}: [{}{}{}]", path, group.name,
                                         group.id.empty() ? "" : " ", group.id);
    if (group.name == "smp-opts") {
      add_smp(said, group.pieces);
    } else if (group.name == "machine") {
      machine(said, group.pieces);
    } else if (group.name == "numa") {
      numa(said, group.pieces);
    } else if (group.name == "object") {
      group.pieces.push_back({"id", group.id});
      object(said, group.pieces);
    } else if (group.name == "vcpu" || group.name == "iothreadpin" || group.name == "emulatorpin") {
      pin("-" + group.name, typed(group.pieces));
    }
  }
}

Result<SmpCounts> QemuOptions::counts() const {
  auto counts = smp_.counts(is_older_than_6_2(machine_type_));
  return counts ? counts : Error{smp_said_ + ": " + counts.error().message};
}

/* Features with a sign win over those with '=', and '-' over '+', in whatever order. */
void QemuOptions::describe_cpu(GuestDescription &guest) const {
  if (!cpu_)
    return;
  guest.cpu_model = *cpu_;
  guest.topoext = cpu_->starts_with("EPYC") || cpu_->starts_with("Dhyana");
  bool plus = false, minus = false;
  for (std::size_t at = cpu_->find(','); at < cpu_->size();) {
    const std::size_t end = std::min(cpu_->find(',', at + 1), cpu_->size());
    const std::string feature = cpu_->substr(at + 1, end - at - 1);
    at = end;
    plus = plus || feature == "+topoext";
    minus = minus || feature == "-topoext";
    if (feature == "topoext")
      guest.topoext = true;
    if (!feature.starts_with("topoext="))
      continue;
    if (const auto is_on = qemu_bool(feature.substr(8))) {
      guest.topoext = *is_on;
    } else {
      guest.errors.push_back("-cpu " + *cpu_ + ": topoext is on or off, not '" + feature.substr(8) +
                             "'");
      guest.unread.cpu_model = true;
    }
  }
  guest.topoext = (guest.topoext || plus) && !minus;
}

} // namespace qemu_pin
