/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/core_kinds.h"

#include "base/number.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <tuple>

namespace qemu_pin {

namespace {

/* Slower than this share of a kind's fastest core is another kind. */
constexpr double alike = 0.85;

/* Intel's classes of core, the fastest first. */
enum class IntelClass { core, atom, low_power, unknown };

/* What is known of a core; cores with the same facts are alike. */
struct Facts {
  IntelClass intel = IntelClass::unknown;
  bool has_l3 = true;    /* told of Intel's efficiency cores only */
  double speed = 0;      /* Linux's capacity, or MHz; 0: not known */
  int efficiency = -1;   /* hwloc's rank: the more, the faster */
  std::uint64_t l1d = 0; /* bytes; 0: not known */
  std::string part;      /* Arm's number of the design */

  auto order() const {
    return std::tuple(intel, !has_l3, -speed, -efficiency, -static_cast<std::int64_t>(l1d), part);
  }
  bool operator<(const Facts &other) const { return order() < other.order(); }

  /* Whether a core of these facts, which come after fastest's, is of its kind. */
  bool is_like(const Facts &fastest) const {
    if (intel != fastest.intel || part != fastest.part)
      return false;
    if (intel == IntelClass::core || intel == IntelClass::low_power)
      return true;
    if (has_l3 != fastest.has_l3)
      return false;
    if (intel == IntelClass::unknown && l1d && fastest.l1d && l1d != fastest.l1d)
      return false;
    if (fastest.speed > 0)
      return speed == 0 || speed >= alike * fastest.speed;
    return efficiency == fastest.efficiency;
  }
};

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

  Facts of(hwloc_const_cpuset_t cpus) const {
    for (const Kind &one : kinds_)
      if (hwloc_bitmap_intersects(cpus, one.cpus.get()))
        return one.facts;
    return {};
  }

private:
  struct Kind {
    Bitmap cpus;
    Facts facts;
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
  std::map<Facts, Bitmap> found;
  for (hwloc_obj_t core = nullptr; (core = hwloc_get_next_obj_by_type(topology, type, core));) {
    Facts facts = known.of(core->cpuset);
    const auto cpu = static_cast<unsigned>(hwloc_bitmap_first(core->cpuset));
    if (const auto listed = intel.find(cpu); listed != intel.end())
      facts.intel = listed->second;
    if (const auto part = parts.find(cpu); part != parts.end())
      facts.part = part->second;
    facts.l1d = l1d_of(topology, core);
    if (facts.intel == IntelClass::atom && some_l3)
      facts.has_l3 = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_L3CACHE, core) != nullptr;
    Bitmap &cpus = found[facts];
    if (!cpus)
      cpus.reset(hwloc_bitmap_alloc());
    hwloc_bitmap_or(cpus.get(), cpus.get(), core->cpuset);
  }
  const Facts *fastest = nullptr; /* of the kind */
  for (auto &[facts, cpus] : found) {
    if (fastest && facts.is_like(*fastest)) {
      hwloc_bitmap_or(kinds_.back().get(), kinds_.back().get(), cpus.get());
    } else {
      fastest = &facts;
      kinds_.push_back(std::move(cpus));
    }
  }
}

unsigned CoreKinds::of(hwloc_const_cpuset_t cpus) const {
  for (unsigned kind = 0; kind < kinds_.size(); ++kind)
    if (hwloc_bitmap_intersects(cpus, kinds_[kind].get()))
      return kind;
  return 0;
}

} // namespace qemu_pin
