/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/topology.h"

#include "base/number.h"
#include "base/text_file.h"
#include "base/words.h"
#include "host/host.h"
#include "plan/core_kinds.h"
#include "plan/cpu_states.h"
#include "plan/hwloc_topology.h"
#include "plan/lscpu_table.h"
#include "plan/topology_damage.h"

#include <algorithm>
#include <cstdio>
#include <hwloc.h>
#include <map>
#include <memory>
#include <tuple>

namespace qemu_pin {

namespace {

/* The CPUs that a thread of ours may be pinned to. hwloc knows of cgroups; on this
 * host the kernel itself is asked, by way of libvcpupin. */
Result<CpuSet> usable(hwloc_topology_t topology, const TopologySource &source) {
  CpuSet cpus = set_of(hwloc_topology_get_allowed_cpuset(topology));
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

/* A string that hwloc has read of the host, at its root or a package; "" without one. */
std::string info(hwloc_topology_t topology, const char *name) {
  for (hwloc_obj_t object :
       {hwloc_get_root_obj(topology), hwloc_get_obj_by_type(topology, HWLOC_OBJ_PACKAGE, 0)})
    if (const char *found = object ? hwloc_obj_get_info_by_name(object, name) : nullptr)
      return found;
  return "";
}

/* hwloc does not tell of every capture, and takes a capture without a name for x86. */
bool is_arm(hwloc_topology_t topology, const Host *host) {
  if (!info(topology, "CPUImplementer").empty())
    return true;
  if (host && !host->is_live())
    if (auto text = host->read_file("/proc/cpuinfo"); text && *text)
      return (*text)->find("CPU implementer") != std::string::npos;
  const std::string architecture = info(topology, "Architecture");
  return architecture.starts_with("aarch64") || architecture.starts_with("arm");
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

/* Of lscpu, which hwloc does not read. */
Result<Topology> read_table(const TopologySource &source, bool with_xml) {
  if (!source.device.empty())
    return Error{"a table of lscpu has no PCI devices: --near needs --topology, --fsroot or this "
                 "host"};
  if (with_xml)
    return Error{"a table of lscpu has too little to draw: --draw needs --topology, --fsroot, "
                 "--synthetic or this host"};
  auto text = read_text_file(source.lscpu);
  if (!text)
    return text.error();
  auto topology = read_lscpu_table(*text);
  return topology ? topology : Error{source_name(source) + ": " + topology.error().message};
}

class Reader {
public:
  /* host: its files; null where there are none. */
  Reader(hwloc_topology_t handle, const Host *host, const CpuSet &allowed, Bitmap near)
      : handle_(handle), host_(host), allowed_(allowed), near_(std::move(near)),
        kinds_(handle, host, is_arm(handle, host)) {
    topology_.has_l3 = hwloc_get_nbobjs_by_type(handle, HWLOC_OBJ_L3CACHE) > 0;
    topology_.kinds = kinds_.count();
    topology_.is_amd = info(handle, "CPUVendor") == "AuthenticAMD";
    topology_.is_arm = is_arm(handle, host);
    topology_.device_placed =
        !near_ || !hwloc_bitmap_isequal(near_.get(), hwloc_get_root_obj(handle)->cpuset) ||
        hwloc_get_nbobjs_by_type(handle, HWLOC_OBJ_NUMANODE) == 1;
    for (hwloc_obj_t node = nullptr;
         (node = hwloc_get_next_obj_by_type(handle, HWLOC_OBJ_NUMANODE, node));)
      nodes_.push_back(node);
    std::sort(nodes_.begin(), nodes_.end(), [](hwloc_obj_t a, hwloc_obj_t b) {
      return std::pair(hwloc_bitmap_weight(a->cpuset), a->os_index) <
             std::pair(hwloc_bitmap_weight(b->cpuset), b->os_index);
    });
  }

  Topology read() {
    /* Only hosts with cores tell what a core is. */
    const int cores = hwloc_get_nbobjs_by_type(handle_, HWLOC_OBJ_CORE);
    const hwloc_obj_type_t type = cores > 0 ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
    for (hwloc_obj_t core = nullptr; (core = hwloc_get_next_obj_by_type(handle_, type, core));)
      add(core);
    arrange(topology_);
    add_nodes();
    add_states();
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
    core.cluster = cluster_of(object);
    topology_.cores.push_back(std::move(core));
  }

  unsigned domain_of(hwloc_obj_t object) {
    CacheDomain domain{};
    hwloc_obj_t l3 = hwloc_get_ancestor_obj_by_type(handle_, HWLOC_OBJ_L3CACHE, object);
    domain.package = index_of(handle_, HWLOC_OBJ_PACKAGE, object);
    const auto l3s = static_cast<unsigned>(hwloc_get_nbobjs_by_type(handle_, HWLOC_OBJ_L3CACHE));
    domain.l3 = l3 ? l3->logical_index : l3s + domain.package;
    domain.has_l3 = l3 != nullptr;
    domain.bytes = l3 ? l3->attr->cache.size : 0;
    domain.node = node_of(object);
    const auto key = std::tuple(domain.package, domain.node, domain.l3);
    auto [found, is_new] = numbers_.emplace(key, static_cast<unsigned>(topology_.domains.size()));
    if (is_new) {
      domain.device_distance = distance(object, l3, domain.node);
      topology_.domains.push_back(domain);
    }
    return found->second;
  }

  /* The smallest of those that have the core: memory without CPUs of its own, which is near
   * some, is not the core's node. */
  unsigned node_of(hwloc_obj_t object) {
    for (hwloc_obj_t node : nodes_)
      if (hwloc_bitmap_isincluded(object->cpuset, node->cpuset))
        return node->os_index;
    return node_without_memory(object);
  }

  /* A node whose memory is offline, or not for this process. */
  unsigned node_without_memory(hwloc_obj_t object) {
    const int known = hwloc_bitmap_first(object->complete_nodeset);
    if (known >= 0)
      return static_cast<unsigned>(known);
    const std::string cpu = std::to_string(hwloc_bitmap_first(object->cpuset));
    if (host_)
      for (const std::string &name : host_->names_in("/sys/devices/system/cpu/cpu" + cpu))
        if (auto node = name.starts_with("node") ? number<unsigned>(name.substr(4)) : std::nullopt)
          return *node;
    /* Nothing tells its number: one that is not another's. */
    unsigned free = 0;
    while (hwloc_get_numanode_obj_by_os_index(handle_, free))
      ++free;
    return free;
  }

  /* The smallest group of cores that share an L2 or a cluster id with this one. */
  std::optional<unsigned> cluster_of(hwloc_obj_t object) {
    for (hwloc_obj_t group = object->parent; group; group = group->parent) {
      const bool is_cluster = group->type == HWLOC_OBJ_GROUP && group->subtype &&
                              std::string_view(group->subtype) == "Cluster";
      if ((is_cluster || group->type == HWLOC_OBJ_L2CACHE) &&
          hwloc_bitmap_weight(group->cpuset) > hwloc_bitmap_weight(object->cpuset)) {
        const auto next = static_cast<unsigned>(clusters_.size());
        return clusters_.emplace(group->gp_index, next).first->second;
      }
    }
    return std::nullopt;
  }

  void add_nodes() {
    for (hwloc_obj_t object = nullptr;
         (object = hwloc_get_next_obj_by_type(handle_, HWLOC_OBJ_NUMANODE, object));) {
      MemoryNode node{object->os_index, {}, object->attr->numanode.local_memory, false, ""};
      if (object->subtype)
        node.kind = object->subtype;
      node.cpus = cpus_on_node(topology_, node.index);
      node.has_cpus = !node.cpus.empty() || is_node_of_cpus(object);
      topology_.nodes.push_back(std::move(node));
    }
    std::sort(topology_.nodes.begin(), topology_.nodes.end(),
              [](const MemoryNode &a, const MemoryNode &b) { return a.index < b.index; });
  }

  /* Of a node without CPUs that may be used: hwloc may say which CPUs are near it. */
  bool is_node_of_cpus(hwloc_obj_t object) {
    if (hwloc_bitmap_iszero(object->complete_cpuset))
      return false;
    if (host_) {
      const std::string file =
          "/sys/devices/system/node/node" + std::to_string(object->os_index) + "/cpulist";
      if (auto text = host_->read_file(file); text && *text)
        return !stripped(**text).empty();
    }
    return hwloc_bitmap_iszero(object->cpuset);
  }

  void add_states() {
    hwloc_obj_t root = hwloc_get_root_obj(handle_);
    const CpuSet unusable = without(set_of(root->complete_cpuset), allowed_);
    topology_.offline = host_ ? offline_cpus(*host_, unusable)
                              : without(set_of(root->complete_cpuset), set_of(root->cpuset));
    topology_.not_allowed = without(unusable, topology_.offline);
    if (host_)
      topology_.isolated = isolated_cpus(*host_);
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

  hwloc_topology_t handle_;
  const Host *host_;
  const CpuSet &allowed_;
  Bitmap near_;
  CoreKinds kinds_;
  std::vector<hwloc_obj_t> nodes_; /* those of the fewest CPUs first */
  Topology topology_;
  std::map<std::uint64_t, unsigned> clusters_; /* their numbers, by hwloc's of the object */
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

Result<Topology> read_topology(const TopologySource &source, bool with_xml) {
  if (!source.lscpu.empty())
    return read_table(source, with_xml);
  auto handle = load_topology(source, with_xml);
  if (!handle)
    return handle.error();
  if (auto sound = is_this_host(source) ? Result<>() : check_sets(handle->get()); !sound)
    return Error{source_name(source) + ": " + sound.error().message};
  auto allowed = usable(handle->get(), source);
  if (!allowed)
    return allowed.error();
  auto near = near_device(handle->get(), source);
  if (!near)
    return near.error();
  const Host host(source.root);
  const bool has_files = source.file.empty() && source.synthetic.empty();
  Topology topology =
      Reader(handle->get(), has_files ? &host : nullptr, *allowed, std::move(*near)).read();
  if (with_xml)
    topology.xml = export_xml(handle->get());
  return topology;
}

} // namespace qemu_pin
