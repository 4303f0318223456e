/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/core_kinds.h"

#include "base/number.h"
#include "plan/core_facts.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>

namespace qemu_pin {

namespace {

std::string text_of(const hwloc_info_s *infos, unsigned count, const std::string &name) {
  for (unsigned i = 0; i < count; ++i)
    if (name == infos[i].name)
      return infos[i].value;
  return "";
}

/* hwloc's kinds: what it has read of each. */
class HwlocKinds {
public:
  explicit HwlocKinds(hwloc_topology_t topology) {
    const int count = std::max(hwloc_cpukinds_get_nr(topology, 0), 0);
    bool all_have_capacity = true;
    for (int kind = 0; kind < count; ++kind) {
      Kind one{Bitmap(hwloc_bitmap_alloc()), {}, 0, 0};
      unsigned infos = 0;
      hwloc_info_s *info = nullptr;
      if (hwloc_cpukinds_get_info(topology, static_cast<unsigned>(kind), one.cpus.get(),
                                  &one.facts.efficiency, &infos, &info, 0) != 0)
        continue;
      const std::string type = text_of(info, infos, "CoreType");
      if (type == "IntelCore")
        one.facts.intel = IntelClass::core;
      else if (type == "IntelAtom")
        one.facts.intel = IntelClass::atom;
      one.capacity = std::strtod(text_of(info, infos, "LinuxCapacity").c_str(), nullptr);
      one.mhz = std::strtod(text_of(info, infos, "FrequencyMaxMHz").c_str(), nullptr);
      all_have_capacity = all_have_capacity && one.capacity > 0;
      kinds_.push_back(std::move(one));
    }
    for (Kind &one : kinds_)
      one.facts.speed = all_have_capacity ? one.capacity : one.mhz;
  }

  CoreFacts of(hwloc_const_cpuset_t cpus) const {
    for (const Kind &one : kinds_)
      if (hwloc_bitmap_intersects(cpus, one.cpus.get()))
        return one.facts;
    return {};
  }

private:
  struct Kind {
    Bitmap cpus;
    CoreFacts facts;
    double capacity, mhz;
  };
  std::vector<Kind> kinds_;
};

/* Linux's lists of Intel's cores; none on other hosts. */
std::map<unsigned, IntelClass> intel_lists(const Host &host) {
  std::map<unsigned, IntelClass> classes;
  const std::pair<const char *, IntelClass> lists[] = {{"cpu_core", IntelClass::core},
                                                       {"cpu_atom", IntelClass::atom},
                                                       {"cpu_lowpower", IntelClass::low_power}};
  for (const auto &[name, intel] : lists) {
    auto cpus = read_cpu_set(host.line_of(std::string("/sys/devices/") + name + "/cpus"));
    if (cpus)
      for (unsigned cpu : *cpus)
        classes[cpu] = intel;
  }
  return classes;
}

/* The value of a line "name : value" of /proc/cpuinfo. */
std::string value_of(const std::string &line, std::string_view name) {
  const std::size_t colon = line.find(':');
  if (!line.starts_with(name) || colon == std::string::npos)
    return "";
  const std::size_t start = line.find_first_not_of(" \t", colon + 1);
  return start == std::string::npos ? "" : line.substr(start);
}

std::map<unsigned, std::string> arm_parts(const Host &host) {
  std::map<unsigned, std::string> parts;
  auto text = host.read_file("/proc/cpuinfo");
  if (!text || !*text)
    return parts;
  std::istringstream lines(**text);
  std::optional<unsigned> cpu;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("processor"))
      cpu = number<unsigned>(value_of(line, "processor"));
    else if (cpu && line.starts_with("CPU part"))
      parts[*cpu] = value_of(line, "CPU part");
  }
  return parts;
}

std::uint64_t l1d_of(hwloc_topology_t topology, hwloc_obj_t core) {
  hwloc_obj_t cache = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_L1CACHE, core);
  return cache ? cache->attr->cache.size : 0;
}

} // namespace

CoreKinds::CoreKinds(hwloc_topology_t topology, const Host *host, bool is_arm) {
  const HwlocKinds known(topology);
  const auto intel = host && !is_arm ? intel_lists(*host) : std::map<unsigned, IntelClass>();
  const auto parts = host && is_arm ? arm_parts(*host) : std::map<unsigned, std::string>();
  const bool some_l3 = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_L3CACHE) > 0;
  const hwloc_obj_type_t type =
      hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE) > 0 ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
  std::vector<CoreFacts> facts;
  std::vector<hwloc_obj_t> cores;
  for (hwloc_obj_t core = nullptr; (core = hwloc_get_next_obj_by_type(topology, type, core));) {
    CoreFacts one = known.of(core->cpuset);
    const auto cpu = static_cast<unsigned>(hwloc_bitmap_first(core->cpuset));
    if (const auto listed = intel.find(cpu); listed != intel.end())
      one.intel = listed->second;
    if (const auto part = parts.find(cpu); part != parts.end())
      one.part = part->second;
    one.l1d = l1d_of(topology, core);
    one.threads = static_cast<unsigned>(hwloc_bitmap_weight(core->cpuset));
    hwloc_obj_t l2 = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_L2CACHE, core);
    one.shares_l2 = l2 && !hwloc_bitmap_isequal(l2->cpuset, core->cpuset);
    hwloc_obj_t l3 = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_L3CACHE, core);
    one.has_l3 = !some_l3 || l3;
    one.l3 = l3 ? l3->attr->cache.size : 0;
    one.l3_cpus = l3 ? static_cast<unsigned>(hwloc_bitmap_weight(l3->complete_cpuset)) : 0;
    facts.push_back(std::move(one));
    cores.push_back(core);
  }
  const std::vector<unsigned> kinds = core_kinds(facts);
  for (std::size_t core = 0; core < cores.size(); ++core) {
    while (kinds_.size() <= kinds[core])
      kinds_.emplace_back(hwloc_bitmap_alloc());
    hwloc_bitmap_t cpus = kinds_[kinds[core]].get();
    hwloc_bitmap_or(cpus, cpus, cores[core]->cpuset);
  }
}

unsigned CoreKinds::of(hwloc_const_cpuset_t cpus) const {
  for (unsigned kind = 0; kind < kinds_.size(); ++kind)
    if (hwloc_bitmap_intersects(cpus, kinds_[kind].get()))
      return kind;
  return 0;
}

} // namespace qemu_pin
