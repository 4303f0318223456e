/*
 * A guest's configuration as Proxmox VE keeps it (qm.conf(5)): "KEY: VALUE" a line. The options
 * that Proxmox VE makes of it are QEMU's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "check/guest_description.h"

#include "base/number.h"
#include "check/shell_words.h"
#include "pins/option_pieces.h"

#include <algorithm>
#include <fmt/format.h>

namespace qemu_pin {

namespace {

using Words = std::vector<std::string>;

std::map<std::string, std::string> values_of(const std::string &text) {
  std::map<std::string, std::string> values;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.ends_with("\r"))
      line.pop_back();
    if (line.starts_with("["))
      break; /* snapshots follow, and what the guest was in them */
    const std::size_t colon = line.find(": ");
    if (!line.starts_with("#") && colon != std::string::npos)
      values[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return values;
}

/* Proxmox VE parts lists at semicolons, where QEMU repeats the key. */
std::string repeated(const std::string &key, std::string list) {
  for (std::size_t at = 0; (at = list.find(';', at)) != std::string::npos;)
    list.replace(at, 1, "," + key + "=");
  return key + "=" + list;
}

std::string flags_of(const std::string &cpu) {
  const std::vector<OptionPiece> pieces = option_pieces(cpu, "cputype");
  const std::string model = value_of(pieces, "cputype");
  std::string flags = value_of(pieces, "flags");
  std::replace(flags.begin(), flags.end(), ';', ',');
  return (model.empty() ? "kvm64" : model) + (flags.empty() ? "" : ",") + flags;
}

class Arguments {
public:
  explicit Arguments(const std::map<std::string, std::string> &values) : values_(values) {}

  Words all() {
    if (values_.contains("affinity"))
      add({"taskset", "--cpu-list", "--all-tasks", value("affinity", "")});
    add({"kvm"});
    smp();
    add({"-cpu", flags_of(value("cpu", "kvm64"))});
    if (value("numa", "0") == "1")
      numa();
    for (const Words &command : read_shell(value("args", "")).commands)
      add(command);
    return std::move(words_);
  }

private:
  std::string value(const std::string &key, const std::string &otherwise) const {
    const auto found = values_.find(key);
    return found == values_.end() ? otherwise : found->second;
  }

  void add(const Words &words) { words_.insert(words_.end(), words.begin(), words.end()); }

  /* vcpus: those that are present; QEMU makes the product of sockets and cores the maximum. */
  void smp() {
    const std::string sockets = value("sockets", "1"), cores = value("cores", "1");
    std::string option = "sockets=" + sockets + ",cores=" + cores;
    if (values_.contains("vcpus"))
      option = value("vcpus", "") + "," + option;
    add({"-smp", option + ",threads=1"});
  }

  void add_node(unsigned node, const std::string &backend, const std::string &cpus) {
    add({"-object", fmt::format("memory-backend-ram,id=ram-node{}{}", node, backend), "-numa",
         fmt::format("node,nodeid={},{},memdev=ram-node{}", node, cpus, node)});
  }

  /* numa0: cpus=0-3;8,hostnodes=0,memory=4096,policy=bind. Without any numaN each socket is a
   * node, whose memory is from anywhere. */
  void numa() {
    const auto given = [](unsigned node) { return fmt::format("numa{}", node); };
    for (unsigned node = 0; values_.contains(given(node)); ++node) {
      const auto pieces = option_pieces(value(given(node), ""), "cpus");
      const std::string nodes = value_of(pieces, "hostnodes");
      add_node(node,
               nodes.empty()
                   ? ""
                   : "," + repeated("host-nodes", nodes) + ",policy=" + value_of(pieces, "policy"),
               repeated("cpus", value_of(pieces, "cpus")));
    }
    if (values_.contains(given(0)))
      return;
    const unsigned sockets = std::min(number<unsigned>(value("sockets", "1")).value_or(1), 8U);
    const unsigned cores = std::min(number<unsigned>(value("cores", "1")).value_or(1), most_vcpus);
    for (unsigned socket = 0; socket < sockets; ++socket)
      add_node(socket, "", fmt::format("cpus={}-{}", socket * cores, (socket + 1) * cores - 1));
  }

  const std::map<std::string, std::string> &values_;
  Words words_;
};

} // namespace

GuestDescription read_proxmox_config(const std::string &text) {
  const auto values = values_of(text);
  return read_qemu_arguments(Arguments(values).all());
}

} // namespace qemu_pin
