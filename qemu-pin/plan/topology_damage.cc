/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/topology_damage.h"

#include "base/printable.h"
#include "plan/hwloc_topology.h"

#include <fmt/format.h>
#include <memory>
#include <pugixml.hpp>
#include <stdexcept>
#include <vcpupin.h>
#include <vector>

namespace qemu_pin {

namespace {

std::string bitmap_list(hwloc_const_bitmap_t set) {
  if (hwloc_bitmap_iszero(set))
    return "none";
  char *list = nullptr;
  if (hwloc_bitmap_list_asprintf(&list, set) < 0)
    throw std::bad_alloc();
  const std::unique_ptr<char, decltype(&free)> owner(list, &free);
  return list;
}

std::string object_name(hwloc_obj_t object) {
  std::string name = hwloc_obj_type_string(object->type);
  if (object->os_index != HWLOC_UNKNOWN_INDEX)
    name += " " + std::to_string(object->os_index);
  return name;
}

[[noreturn]] void refuse_object(hwloc_obj_t object, const std::string &why) {
  throw std::invalid_argument(object_name(object) + " " + why);
}

class SetChecker {
public:
  explicit SetChecker(hwloc_topology_t topology) : nodes_(hwloc_bitmap_alloc()) {
    for (hwloc_obj_t node = nullptr;
         (node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node));)
      hwloc_bitmap_set(nodes_.get(), node->os_index);
  }

  void check(hwloc_obj_t object) {
    if (!object->cpuset || !object->complete_cpuset || !object->nodeset)
      refuse_object(object, "has no CPUs or nodes");
    if (hwloc_bitmap_weight(object->complete_cpuset) < 0)
      refuse_object(object, "has CPUs without end");
    if (hwloc_bitmap_last(object->complete_cpuset) > static_cast<int>(VCPUPIN_CPU_MAX))
      refuse_object(object, fmt::format("has CPU {}", hwloc_bitmap_last(object->complete_cpuset)));
    if (!hwloc_bitmap_isincluded(object->cpuset, object->complete_cpuset))
      refuse_object(object,
                    fmt::format("has CPUs {}, but {} with those that cannot be used",
                                bitmap_list(object->cpuset), bitmap_list(object->complete_cpuset)));
    if (!hwloc_bitmap_isincluded(object->nodeset, nodes_.get()))
      refuse_object(object, fmt::format("has NUMA nodes {}, but the host has {}",
                                        bitmap_list(object->nodeset), bitmap_list(nodes_.get())));
    const Bitmap within(hwloc_bitmap_alloc());
    if (object->type == HWLOC_OBJ_PU)
      hwloc_bitmap_only(within.get(), object->os_index);
    for (hwloc_obj_t child = object->first_child; child; child = child->next_sibling) {
      check(child);
      if (hwloc_bitmap_intersects(within.get(), child->cpuset))
        refuse_object(child, "has CPUs that another object has too");
      hwloc_bitmap_or(within.get(), within.get(), child->cpuset);
    }
    if (!hwloc_bitmap_isequal(object->cpuset, within.get()))
      refuse_object(object, fmt::format("has CPUs {}, but the objects in it have {}",
                                        bitmap_list(object->cpuset), bitmap_list(within.get())));
    for (hwloc_obj_t memory = object->memory_first_child; memory; memory = memory->next_sibling)
      if (!memory->cpuset || !hwloc_bitmap_isequal(memory->cpuset, object->cpuset))
        refuse_object(memory, "has other CPUs than what it belongs to");
  }

private:
  Bitmap nodes_; /* all that there are */
};

} // namespace

std::string damaged(const std::string &why) {
  return "hwloc cannot read this topology: it is damaged (" + why + ")";
}

std::string too_large() {
  return fmt::format("this host has more than {} CPUs, the most that Linux can have", most_cpus);
}

Result<> check_sets(hwloc_topology_t topology) {
  const int cpus = hwloc_bitmap_weight(hwloc_topology_get_complete_cpuset(topology));
  if (cpus > static_cast<int>(most_cpus))
    return Error{too_large()};
  try {
    SetChecker(topology).check(hwloc_get_root_obj(topology));
    return {};
  } catch (const std::invalid_argument &refusal) {
    return Error{damaged(refusal.what())};
  }
}

std::string object_that_crashes(const std::string &xml) {
  pugi::xml_document document;
  document.load_buffer(xml.data(), xml.size());
  const pugi::xml_node found = document.find_node([](pugi::xml_node node) {
    return node.attribute("cpuset") && !node.attribute("complete_cpuset");
  });
  if (!found)
    return "";
  std::string name = found.attribute("type").value();
  if (found.attribute("os_index"))
    name += std::string(" ") + found.attribute("os_index").value();
  return printable(name + " has no complete_cpuset");
}

} // namespace qemu_pin
