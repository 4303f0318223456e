/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/hwloc_topology.h"

#include "base/text_file.h"
#include "plan/topology_file.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace qemu_pin {

namespace {

/* Bytes: what lstopo writes of a host with 8,192 CPUs is a fifth. */
constexpr std::size_t xml_limit = 16U << 20;

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
    for (hwloc_obj_type_t type : {HWLOC_OBJ_PACKAGE, HWLOC_OBJ_CORE, HWLOC_OBJ_L1CACHE,
                                  HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_NUMANODE})
      hwloc_topology_set_type_filter(topology, type, HWLOC_TYPE_FILTER_KEEP_ALL);
    /* Clusters are groups; and where nothing else has a NUMA node's CPUs, hwloc hangs it on one. */
    hwloc_topology_set_type_filter(topology, HWLOC_OBJ_GROUP, HWLOC_TYPE_FILTER_KEEP_STRUCTURE);
  }
  if (!source.device.empty())
    hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_ALL);
}

} // namespace

CpuSet set_of(hwloc_const_bitmap_t bitmap) {
  CpuSet set;
  for (int bit = hwloc_bitmap_first(bitmap); bit >= 0; bit = hwloc_bitmap_next(bitmap, bit))
    set.insert(static_cast<unsigned>(bit));
  return set;
}

Result<HwlocTopology> load_topology(const TopologySource &source, bool everything) {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0)
    return system_error("hwloc", errno);
  HwlocTopology topology(raw);
  if (!source.root.empty() && !std::filesystem::is_directory(source.root))
    return Error{source.root + ": there is no such folder"};
  filter(raw, source, everything);
  int status = 0;
  if (!source.file.empty()) {
    auto text = read_text_file(source.file, xml_limit);
    if (!text)
      return text.error();
    auto xml = topology_xml(*text);
    if (!xml)
      return Error{source.file + ": " + xml.error().message};
    status = hwloc_topology_set_xmlbuffer(raw, xml->c_str(), static_cast<int>(xml->size() + 1));
  } else if (!source.synthetic.empty())
    status = hwloc_topology_set_synthetic(raw, source.synthetic.c_str());
  if (status == 0) {
    CapturedRoot root(source.root);
    status = hwloc_topology_load(raw);
  }
  if (status != 0)
    return Error{source_name(source) + ": hwloc cannot read it as a host's topology"};
  return topology;
}

} // namespace qemu_pin
