/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/libvirt_memory.h"

#include "check/libvirt_values.h"

#include <fmt/format.h>
#include <map>

namespace qemu_pin {

namespace {

class Reader {
public:
  Reader(const pugi::xml_node &domain, GuestDescription &guest) : domain_(domain), guest_(guest) {}

  void read() {
    cells();
    const pugi::xml_node tune = domain_.child("numatune");
    memory(tune.child("memory"));
    for (pugi::xml_node node : tune.children("memnode"))
      memnode(node);
    CpuSet elsewhere; /* of cells without <memnode> */
    for (const auto &[id, vcpus] : cells_) {
      if (vcpus.empty())
        continue;
      guest_.numa_nodes.push_back(vcpus);
      if (const auto bound = bound_.find(id); bound == bound_.end())
        elsewhere.merge(vcpus);
      else
        guest_.memory.push_back({vcpus, bound->second.host_nodes, bound->second.strict});
    }
    if (all_ && bound_.empty())
      guest_.memory.push_back(*all_);
    else if (all_ && !elsewhere.empty())
      guest_.memory.push_back({elsewhere, all_->host_nodes, all_->strict});
  }

private:
  void wrong(const std::string &what) { guest_.errors.push_back(what); }

  /* Cells without an id are numbered in their order. */
  void cells() {
    CpuSet given;
    unsigned next = 0;
    for (pugi::xml_node cell : domain_.child("cpu").child("numa").children("cell")) {
      std::optional<unsigned> id = next++;
      if (cell.attribute("id"))
        id = libvirt_number(cell.attribute("id").value());
      if (!id) {
        wrong(fmt::format("<cell id='{}'>: this is not a number", cell.attribute("id").value()));
        continue;
      }
      CpuSet vcpus;
      if (const pugi::xml_attribute list = cell.attribute("cpus")) {
        auto read = libvirt_set(list.value());
        if (!read) {
          wrong(fmt::format("<cell cpus='{}'>: {}", list.value(), read.error().message));
          continue;
        }
        vcpus = *read;
      }
      if (!vcpus.empty() && vcpus.last() >= guest_.topology.cpus && !guest_.unread.topology)
        wrong(fmt::format(
            "<cell id='{}' cpus='{}'>: there is no vCPU {}: the machine has {} (0-{})", *id,
            cpu_list(vcpus), vcpus.last(), guest_.topology.cpus, guest_.topology.cpus - 1));
      else if (vcpus.intersects(given))
        wrong(fmt::format("<cell id='{}' cpus='{}'>: another cell has some of these vCPUs", *id,
                          cpu_list(vcpus)));
      else if (!cells_.emplace(*id, vcpus).second)
        wrong(fmt::format("<cell id='{}'>: there are two of these", *id));
      given.merge(vcpus);
    }
  }

  /* The memory that an element names; nothing after an error. */
  std::optional<GuestMemory> named(const pugi::xml_node &element) {
    const std::string mode = element.attribute("mode").value();
    const pugi::xml_attribute list = element.attribute("nodeset");
    const std::string said =
        fmt::format("<{}{} nodeset='{}'>", element.name(),
                    mode.empty() ? "" : fmt::format(" mode='{}'", mode), list.value());
    if (!mode.empty() && mode != "strict" && mode != "preferred" && mode != "interleave" &&
        mode != "restrictive") {
      wrong(said + ": there is no such mode (strict, preferred, interleave, restrictive)");
      return std::nullopt;
    }
    auto nodes = libvirt_set(list.value());
    if (!nodes) {
      wrong(fmt::format("{}: {}", said, list ? nodes.error().message : "nodeset is missing"));
      return std::nullopt;
    }
    const bool is_strict = mode.empty() || mode == "strict" || mode == "restrictive";
    return GuestMemory{{}, *nodes, is_strict};
  }

  void memory(const pugi::xml_node &element) {
    if (!element)
      return;
    if (std::string(element.attribute("placement").value()) == "auto")
      guest_.notes.emplace_back("<memory placement='auto'>: numad chooses the nodes when the guest "
                                "starts; they are not known here");
    else
      all_ = named(element);
  }

  void memnode(const pugi::xml_node &element) {
    const char *text = element.attribute("cellid").value();
    const auto id = libvirt_number(text);
    if (!id || !cells_.contains(*id))
      return wrong(fmt::format("<memnode cellid='{}'>: there is no such <cell>", text));
    if (bound_.contains(*id))
      return wrong(fmt::format("<memnode cellid='{}'>: there are two of these", text));
    if (auto memory = named(element))
      bound_.emplace(*id, *memory);
  }

  const pugi::xml_node domain_;
  GuestDescription &guest_;
  std::map<unsigned, CpuSet> cells_;
  std::map<unsigned, GuestMemory> bound_; /* by cell */
  std::optional<GuestMemory> all_;
};

} // namespace

void read_libvirt_memory(const pugi::xml_node &domain, GuestDescription &guest) {
  Reader(domain, guest).read();
}

} // namespace qemu_pin
