/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/numa_options.h"

#include "check/keyval.h"

#include <fmt/format.h>
#include <utility>

namespace qemu_pin {

namespace {

constexpr unsigned most_nodes = 128; /* QEMU's MAX_NODES */

/* QEMU takes no blank and no sign here. */
std::optional<unsigned> qemu_unsigned(const std::string &text, unsigned most) {
  if (text.empty() || text[0] < '0' || text[0] > '9')
    return std::nullopt;
  const auto value = qemu_number(text);
  if (!value || *value > most)
    return std::nullopt;
  return static_cast<unsigned>(*value);
}

Result<unsigned> number_of(const OptionPiece &piece, unsigned most) {
  if (const auto value = qemu_unsigned(piece.value, most))
    return *value;
  return Error{fmt::format("{}: '{}' is not a number from 0 to {}", piece.key, piece.value, most)};
}

/* The number of this vCPU's socket, core, ... */
unsigned place_of(const SmpCounts &counts, unsigned vcpu, const std::string &key) {
  const std::pair<const char *, unsigned> levels[] = {
      {"thread-id", counts.threads},   {"core-id", counts.cores},     {"module-id", counts.modules},
      {"cluster-id", counts.clusters}, {"die-id", counts.dies},       {"socket-id", counts.sockets},
      {"book-id", counts.books},       {"drawer-id", counts.drawers},
  };
  for (const auto &[name, count] : levels) {
    if (key == name)
      return vcpu % count;
    vcpu /= count;
  }
  return 0;
}

bool is_place(const std::string &key) {
  for (const char *name : {"thread-id", "core-id", "module-id", "cluster-id", "die-id", "socket-id",
                           "book-id", "drawer-id"})
    if (key == name)
      return true;
  return false;
}

} // namespace

Result<CpuSet> qemu_ranges(const std::string &text, unsigned most) {
  const std::size_t dash = text.find('-');
  const auto first = qemu_unsigned(text.substr(0, dash), most);
  const auto last = dash == std::string::npos ? first : qemu_unsigned(text.substr(dash + 1), most);
  if (!first || !last || *first > *last)
    return Error{fmt::format("'{}' is neither a number nor a range (0 to {})", text, most)};
  CpuSet all;
  for (unsigned value = *first; value <= *last; ++value)
    all.insert(value);
  return all;
}

Result<> NumaOptions::add(const std::vector<OptionPiece> &pieces) {
  const std::string type = value_of(pieces, "type");
  if (type == "node")
    return add_node(pieces);
  if (type == "cpu")
    return add_place(pieces);
  if (type == "dist" || type == "hmat-lb" || type == "hmat-cache")
    return {};
  return Error{"there is no type '" + type + "' (node, cpu, dist, hmat-lb, hmat-cache)"};
}

Result<> NumaOptions::add_node(const std::vector<OptionPiece> &pieces) {
  Node node;
  auto id = static_cast<unsigned>(nodes_.size());
  for (const OptionPiece &piece : pieces) {
    if (piece.key == "nodeid") {
      auto number = number_of(piece, most_nodes - 1);
      if (!number)
        return number.error();
      id = *number;
    } else if (piece.key == "cpus") {
      auto vcpus = qemu_ranges(piece.value, most_vcpus - 1);
      if (!vcpus)
        return Error{"cpus: " + vcpus.error().message};
      node.vcpus.merge(*vcpus);
    } else if (piece.key == "memdev") {
      node.memdev = piece.value;
    } else if (piece.key != "type" && piece.key != "mem" && piece.key != "initiator") {
      return Error{"a node has no '" + piece.key + "'"};
    }
  }
  if (!nodes_.emplace(id, std::move(node)).second)
    return Error{fmt::format("node {} is there already", id)};
  return {};
}

Result<> NumaOptions::add_place(const std::vector<OptionPiece> &pieces) {
  Place place;
  bool has_node = false;
  for (const OptionPiece &piece : pieces) {
    if (piece.key == "type")
      continue;
    auto number = number_of(piece, most_vcpus - 1);
    if (piece.key != "node-id" && !is_place(piece.key))
      return Error{"a cpu has no '" + piece.key + "'"};
    if (!number)
      return number.error();
    if (piece.key == "node-id") {
      place.node = *number;
      has_node = true;
    } else {
      place.numbers[piece.key] = *number;
    }
  }
  if (!has_node)
    return Error{"node-id is missing"};
  if (!nodes_.contains(place.node))
    return Error{fmt::format("there is no node {}: name it with -numa node,nodeid={} before",
                             place.node, place.node)};
  places_.push_back(std::move(place));
  return {};
}

void NumaOptions::add_backend(const std::string &id, const CpuSet &host_nodes, bool strict) {
  backends_[id] = {host_nodes, strict};
}

/* Without any cpus=, nodes take turns at sockets; a vCPU that only some options leave out is on
 * the first node. */
Result<std::map<unsigned, CpuSet>> NumaOptions::vcpus_by_node(const SmpCounts &counts) const {
  std::map<unsigned, unsigned> node_of;
  const auto assign = [&](unsigned vcpu, unsigned node) -> Result<> {
    const auto [there, is_new] = node_of.emplace(vcpu, node);
    if (is_new || there->second == node)
      return {};
    return Error{
        fmt::format("-numa: vCPU {} is given to nodes {} and {}", vcpu, there->second, node)};
  };
  for (const auto &[id, node] : nodes_)
    for (const unsigned vcpu : node.vcpus) {
      if (vcpu >= counts.all)
        return Error{fmt::format("-numa node,cpus=: there is no vCPU {}: the machine has {} (0-{})",
                                 vcpu, counts.all, counts.all - 1)};
      if (auto assigned = assign(vcpu, id); !assigned)
        return assigned.error();
    }
  for (const Place &place : places_) {
    bool has_match = false;
    for (unsigned vcpu = 0; vcpu < counts.all; ++vcpu) {
      bool matches = true;
      for (const auto &[key, number] : place.numbers)
        matches = matches && place_of(counts, vcpu, key) == number;
      if (!matches)
        continue;
      has_match = true;
      if (auto assigned = assign(vcpu, place.node); !assigned)
        return assigned.error();
    }
    if (!has_match)
      return Error{fmt::format("-numa cpu,node-id={}: no vCPU has these numbers", place.node)};
  }
  std::vector<unsigned> ids;
  for (const auto &[id, node] : nodes_)
    ids.push_back(id);
  const bool has_none = node_of.empty();
  std::map<unsigned, CpuSet> by_node;
  for (unsigned vcpu = 0; vcpu < counts.all; ++vcpu) {
    const auto given = node_of.find(vcpu);
    const unsigned turn = has_none ? place_of(counts, vcpu, "socket-id") % ids.size() : 0;
    by_node[given == node_of.end() ? ids[turn] : given->second].insert(vcpu);
  }
  return by_node;
}

const NumaOptions::Backend *NumaOptions::bound_backend(const std::string &id) const {
  const auto found = backends_.find(id);
  return found == backends_.end() || found->second.host_nodes.empty() ? nullptr : &found->second;
}

Result<> NumaOptions::describe(GuestDescription &guest, const SmpCounts &counts,
                               const std::optional<GuestMemory> &otherwise) const {
  CpuSet elsewhere; /* vCPUs whose memory no backend is bound for */
  if (nodes_.empty()) {
    if (const Backend *bound = bound_backend(machine_backend_))
      guest.memory = {{{}, bound->host_nodes, bound->strict}};
    else if (otherwise)
      guest.memory = {*otherwise};
    return {};
  }
  auto by_node = vcpus_by_node(counts);
  if (!by_node)
    return by_node.error();
  for (const auto &[id, vcpus] : *by_node) {
    guest.numa_nodes.push_back(vcpus);
    if (const Backend *bound = bound_backend(nodes_.at(id).memdev))
      guest.memory.push_back({vcpus, bound->host_nodes, bound->strict});
    else
      elsewhere.merge(vcpus);
  }
  if (otherwise && !elsewhere.empty())
    guest.memory.push_back(
        {guest.memory.empty() ? CpuSet() : elsewhere, otherwise->host_nodes, otherwise->strict});
  return {};
}

} // namespace qemu_pin
