/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/topology.h"

#include "base/text_file.h"
#include "plan/topology_damage.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <hwloc.h>
#include <map>
#include <memory>
#include <tuple>

namespace qemu_pin {

namespace {

struct FreeTopology {
  void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};
using Handle = std::unique_ptr<hwloc_topology, FreeTopology>;

struct FreeBitmap {
  void operator()(hwloc_bitmap_t bitmap) const { hwloc_bitmap_free(bitmap); }
};
using Bitmap = std::unique_ptr<hwloc_bitmap_s, FreeBitmap>;

/* hwloc reads a captured host when its environment says so; there is no call for it. */
class CapturedRoot {
public:
  explicit CapturedRoot(const std::string &root) : set_(!root.empty()) {
    if (set_) {
      setenv("HWLOC_FSROOT", root.c_str(), 1);
      setenv("HWLOC_COMPONENTS", "linux,stop", 1);
    }
  }
  CapturedRoot(const CapturedRoot &) = delete;
  CapturedRoot &operator=(const CapturedRoot &) = delete;
  ~CapturedRoot() {
    if (set_) {
      unsetenv("HWLOC_FSROOT");
      unsetenv("HWLOC_COMPONENTS");
    }
  }

private:
  bool set_;
};

/* Only what is used below, so that no more is looked for. */
void filter(hwloc_topology_t topology, const TopologySource &source, bool everything) {
  unsigned long flags = HWLOC_TOPOLOGY_FLAG_NO_DISTANCES | HWLOC_TOPOLOGY_FLAG_NO_MEMATTRS;
  if (is_this_host(source))
    flags |= HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM;
  hwloc_topology_set_flags(topology, flags);
  if (!everything) {
    hwloc_topology_set_all_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE);
    for (hwloc_obj_type_t type :
         {HWLOC_OBJ_PACKAGE, HWLOC_OBJ_CORE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_NUMANODE})
      hwloc_topology_set_type_filter(topology, type, HWLOC_TYPE_FILTER_KEEP_ALL);
    /* Where nothing else has a NUMA node's CPUs, hwloc hangs it on a group. */
    hwloc_topology_set_type_filter(topology, HWLOC_OBJ_GROUP, HWLOC_TYPE_FILTER_KEEP_STRUCTURE);
  }
  if (!source.device.empty())
    hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_ALL);
}

/* Bytes: what lstopo writes of a host with 8,192 CPUs is a fifth. */
constexpr std::size_t xml_limit = 16U << 20;

Result<Handle> load(const TopologySource &source, bool everything) {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0)
    return system_error("hwloc", errno);
  Handle topology(raw);
  if (!source.root.empty() && !std::filesystem::is_directory(source.root))
    return Error{source.root + ": there is no such folder"};
  filter(raw, source, everything);
  int status = 0;
  if (!source.file.empty()) {
    auto xml = read_text_file(source.file, xml_limit);
    if (!xml)
      return xml.error();
    status = hwloc_topology_set_xmlbuffer(raw, xml->c_str(), static_cast<int>(xml->size()) + 1);
  } else if (!source.synthetic.empty())
    status = hwloc_topology_set_synthetic(raw, source.synthetic.c_str());
  if (status == 0) {
    CapturedRoot root(source.root);
    status = hwloc_topology_load(raw);
  }
  if (status != 0)
    return Error{source_name(source) + ": hwloc cannot read it as a host's topology"};
  if (auto sound = is_this_host(source) ? Result<>() : check_sets(raw); !sound)
    return Error{source_name(source) + ": " + sound.error().message};
  return topology;
}

/* The CPUs that a thread of ours may be pinned to. hwloc knows of cgroups; on this
 * host the kernel itself is asked, by way of libvcpupin. */
Result<CpuSet> usable(hwloc_topology_t topology, const TopologySource &source) {
  CpuSet cpus;
  hwloc_const_cpuset_t allowed = hwloc_topology_get_allowed_cpuset(topology);
  for (int cpu = hwloc_bitmap_first(allowed); cpu >= 0; cpu = hwloc_bitmap_next(allowed, cpu))
    cpus.insert(static_cast<unsigned>(cpu));
  if (is_this_host(source)) {
    char *message = nullptr;
    std::unique_ptr<vcpupin_host, decltype(&vcpupin_host_free)> host(
        vcpupin_host_read(nullptr, &message), &vcpupin_host_free);
    if (!host)
      return library_error(message);
    cpus.keep(CpuSet::copy_of(vcpupin_host_allowed(host.get())));
  }
  if (cpus.empty())
    return Error{source_name(source) + " has no CPU that may be used"};
  return cpus;
}

/* Whether a string that hwloc read of the host, at its root or a package, is that. */
bool has_info(hwloc_topology_t topology, const char *name, const std::string &value) {
  const auto is = [&](hwloc_obj_t object) {
    const char *found = object ? hwloc_obj_get_info_by_name(object, name) : nullptr;
    return found && value == found;
  };
  return is(hwloc_get_root_obj(topology)) ||
         is(hwloc_get_obj_by_type(topology, HWLOC_OBJ_PACKAGE, 0));
}

/* The whole of it; hwloc would take what starts like one. */
bool is_pci_address(const std::string &text) {
  if (text.find_first_not_of("0123456789abcdefABCDEF:.") != std::string::npos)
    return false;
  unsigned domain = 0, bus = 0, slot = 0, function = 0;
  int end = -1;
  if (std::sscanf(text.c_str(), "%x:%x:%x.%x%n", &domain, &bus, &slot, &function, &end) != 4)
    std::sscanf(text.c_str(), "%x:%x.%x%n", &bus, &slot, &function, &end);
  return end >= 0 && static_cast<std::size_t>(end) == text.size();
}

/* The place of a PCI device: the CPUs near it. */
Result<Bitmap> near_device(hwloc_topology_t topology, const TopologySource &source) {
  if (source.device.empty())
    return Bitmap();
  if (!is_pci_address(source.device))
    return Error{"'" + source.device + "' is not a PCI address (such as 0000:03:00.0)"};
  hwloc_obj_t device = hwloc_get_pcidev_by_busidstring(topology, source.device.c_str());
  if (!device)
    return Error{source_name(source) + " has no PCI device " + source.device};
  hwloc_obj_t place = hwloc_get_non_io_ancestor_obj(topology, device);
  return Bitmap(hwloc_bitmap_dup(place->cpuset));
}

unsigned index_of(hwloc_topology_t topology, hwloc_obj_type_t type, hwloc_obj_t below) {
  hwloc_obj_t object = hwloc_get_ancestor_obj_by_type(topology, type, below);
  return object ? object->logical_index : 0;
}

/*
 * Kinds of core, the fastest first. hwloc tells apart cores whose top frequencies
 * differ at all, as those that a CPU favours do; only what differs by more than
 * 15%, or is of another make, is another kind to us.
 */
class Kinds {
public:
  explicit Kinds(hwloc_topology_t topology) {
    struct Found {
      Bitmap cpus;
      std::string make; /* Intel's name of it */
      double speed;     /* MHz, or Linux's capacity; 0: not known */
      int efficiency;   /* hwloc's rank: the more, the faster */
    };
    std::vector<Found> found;
    const int count = hwloc_cpukinds_get_nr(topology, 0);
    for (int kind = 0; kind < count; ++kind) {
      Found one{Bitmap(hwloc_bitmap_alloc()), "", 0, -1};
      unsigned infos = 0;
      hwloc_info_s *info = nullptr;
      if (hwloc_cpukinds_get_info(topology, static_cast<unsigned>(kind), one.cpus.get(),
                                  &one.efficiency, &infos, &info, 0) != 0 ||
          one.efficiency < 0)
        return; /* hwloc cannot rank them */
      one.make = text_of(info, infos, "CoreType");
      const std::string frequency = text_of(info, infos, "FrequencyMaxMHz");
      const std::string speed =
          frequency.empty() ? text_of(info, infos, "LinuxCapacity") : frequency;
      one.speed = std::strtod(speed.c_str(), nullptr);
      found.push_back(std::move(one));
    }
    std::sort(found.begin(), found.end(),
              [](const Found &a, const Found &b) { return a.efficiency > b.efficiency; });
    const Found *fastest = nullptr; /* of the kind */
    for (Found &one : found) {
      if (fastest && one.make == fastest->make && one.speed > 0 &&
          one.speed >= 0.85 * fastest->speed) {
        hwloc_bitmap_or(kinds_.back().get(), kinds_.back().get(), one.cpus.get());
      } else {
        fastest = &one;
        kinds_.emplace_back(hwloc_bitmap_dup(one.cpus.get()));
      }
    }
  }

  unsigned count() const { return kinds_.empty() ? 1 : static_cast<unsigned>(kinds_.size()); }

  unsigned of(hwloc_const_cpuset_t cpus) const {
    for (unsigned kind = 0; kind < kinds_.size(); ++kind)
      if (hwloc_bitmap_intersects(cpus, kinds_[kind].get()))
        return kind;
    return 0;
  }

private:
  static std::string text_of(const hwloc_info_s *infos, unsigned count, const std::string &name) {
    for (unsigned i = 0; i < count; ++i)
      if (name == infos[i].name)
        return infos[i].value;
    return "";
  }

  std::vector<Bitmap> kinds_;
};

class Reader {
public:
  Reader(hwloc_topology_t handle, const CpuSet &allowed, Bitmap near)
      : handle_(handle), allowed_(allowed), near_(std::move(near)), kinds_(handle) {
    topology_.has_l3 = hwloc_get_nbobjs_by_type(handle, HWLOC_OBJ_L3CACHE) > 0;
    topology_.kinds = kinds_.count();
    topology_.is_amd = has_info(handle, "CPUVendor", "AuthenticAMD");
    topology_.device_placed =
        !near_ || !hwloc_bitmap_isequal(near_.get(), hwloc_get_root_obj(handle)->cpuset) ||
        hwloc_get_nbobjs_by_type(handle, HWLOC_OBJ_NUMANODE) == 1;
  }

  Topology read() {
    /* Only hosts with cores tell what a core is. */
    const int cores = hwloc_get_nbobjs_by_type(handle_, HWLOC_OBJ_CORE);
    const hwloc_obj_type_t type = cores > 0 ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
    for (hwloc_obj_t core = nullptr; (core = hwloc_get_next_obj_by_type(handle_, type, core));)
      add(core);
    order();
    return std::move(topology_);
  }

private:
  void add(hwloc_obj_t object) {
    Core core;
    for (int cpu = hwloc_bitmap_first(object->cpuset); cpu >= 0;
         cpu = hwloc_bitmap_next(object->cpuset, cpu))
      if (allowed_.contains(static_cast<unsigned>(cpu)))
        core.cpus.push_back(static_cast<unsigned>(cpu));
    if (core.cpus.empty())
      return;
    core.whole =
        core.cpus.size() == static_cast<std::size_t>(hwloc_bitmap_weight(object->complete_cpuset));
    core.domain = domain_of(object);
    core.kind = kinds_.of(object->cpuset);
    topology_.cores.push_back(std::move(core));
  }

  unsigned domain_of(hwloc_obj_t object) {
    CacheDomain domain{};
    hwloc_obj_t l3 = hwloc_get_ancestor_obj_by_type(handle_, HWLOC_OBJ_L3CACHE, object);
    domain.package = index_of(handle_, HWLOC_OBJ_PACKAGE, object);
    domain.l3 = l3 ? l3->logical_index : domain.package;
    domain.bytes = l3 ? l3->attr->cache.size : 0;
    const int node = hwloc_bitmap_first(object->nodeset);
    domain.node = node < 0 ? 0 : static_cast<unsigned>(node);
    const auto key = std::tuple(domain.package, domain.node, domain.l3);
    auto [found, is_new] = numbers_.emplace(key, static_cast<unsigned>(topology_.domains.size()));
    if (is_new) {
      domain.device_distance = distance(object, l3, domain.node);
      topology_.domains.push_back(domain);
    }
    return found->second;
  }

  unsigned distance(hwloc_obj_t object, hwloc_obj_t l3, unsigned node) {
    const auto is_near = [&](hwloc_obj_t group) {
      return group && hwloc_bitmap_intersects(near_.get(), group->cpuset);
    };
    if (!near_)
      return 0;
    hwloc_obj_t numa = hwloc_get_numanode_obj_by_os_index(handle_, node);
    if (is_near(l3 ? l3 : numa))
      return 0;
    if (is_near(numa))
      return 1;
    return is_near(hwloc_get_ancestor_obj_by_type(handle_, HWLOC_OBJ_PACKAGE, object)) ? 2 : 3;
  }

  /* By place, and within a domain by number. */
  void order() {
    std::vector<unsigned> rank(topology_.domains.size());
    unsigned next = 0;
    std::vector<CacheDomain> domains;
    for (const auto &[key, number] : numbers_) {
      rank[number] = next++;
      domains.push_back(topology_.domains[number]);
    }
    topology_.domains = std::move(domains);
    for (Core &core : topology_.cores)
      core.domain = rank[core.domain];
    std::sort(topology_.cores.begin(), topology_.cores.end(), [](const Core &a, const Core &b) {
      return std::pair(a.domain, a.cpus[0]) < std::pair(b.domain, b.cpus[0]);
    });
  }

  hwloc_topology_t handle_;
  const CpuSet &allowed_;
  Bitmap near_;
  Kinds kinds_;
  Topology topology_;
  std::map<std::tuple<unsigned, unsigned, unsigned>, unsigned> numbers_;
};

std::string export_xml(hwloc_topology_t topology) {
  char *buffer = nullptr;
  int length = 0;
  if (hwloc_topology_export_xmlbuffer(topology, &buffer, &length, 0) != 0)
    return "";
  std::string xml(buffer, static_cast<std::size_t>(std::max(length - 1, 0)));
  hwloc_free_xmlbuffer(topology, buffer);
  return xml;
}

} // namespace

CpuSet Topology::cpus() const {
  CpuSet all;
  for (const Core &core : cores)
    all.insert(core.cpus.begin(), core.cpus.end());
  return all;
}

const Core *Topology::core_of(unsigned cpu) const {
  for (const Core &core : cores)
    if (std::binary_search(core.cpus.begin(), core.cpus.end(), cpu))
      return &core;
  return nullptr;
}

Result<Topology> read_topology(const TopologySource &source, bool with_xml) {
  auto handle = load(source, with_xml);
  if (!handle)
    return handle.error();
  auto allowed = usable(handle->get(), source);
  if (!allowed)
    return allowed.error();
  auto near = near_device(handle->get(), source);
  if (!near)
    return near.error();
  Topology topology = Reader(handle->get(), *allowed, std::move(*near)).read();
  if (with_xml)
    topology.xml = export_xml(handle->get());
  return topology;
}

} // namespace qemu_pin
