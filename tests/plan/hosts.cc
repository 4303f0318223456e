/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hosts.h"

#include "base/cpu_set.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>

using qemu_pin::Topology;

namespace {

struct FreeTopology {
  void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};

Topology read(const qemu_pin::TopologySource &source) {
  auto topology = qemu_pin::read_topology(source);
  if (!topology)
    throw std::runtime_error(topology.error().message);
  return *topology;
}

void must(bool done, const char *what) {
  if (!done)
    throw std::runtime_error(what);
}

} // namespace

const char *const example_host = "pack:1 l3:2 core:4 pu:2(indexes=2*8:8*1)";

Topology synthetic(const std::string &text) {
  return read({.file = "", .root = "", .synthetic = text, .device = ""});
}

Topology edited(const std::string &text, const Edit &edit) {
  hwloc_topology_t raw = nullptr;
  must(hwloc_topology_init(&raw) == 0, "hwloc_topology_init");
  const std::unique_ptr<hwloc_topology, FreeTopology> topology(raw);
  must(hwloc_topology_set_synthetic(raw, text.c_str()) == 0 && hwloc_topology_load(raw) == 0,
       text.c_str());
  edit(raw);
  const TempDir dir;
  const std::string file = dir.path() + "/host.xml";
  must(hwloc_topology_export_xml(raw, file.c_str(), 0) == 0, "hwloc_topology_export_xml");
  return read({.file = file, .root = "", .synthetic = "", .device = ""});
}

void set_kind(hwloc_topology_t topology, const std::string &cpus, int efficiency,
              const std::string &mhz) {
  const auto set = qemu_pin::read_cpu_set(cpus);
  must(static_cast<bool>(set), cpus.c_str());
  hwloc_bitmap_t bitmap = hwloc_bitmap_alloc();
  for (unsigned cpu : *set)
    hwloc_bitmap_set(bitmap, cpu);
  std::string name = "FrequencyMaxMHz", value = mhz;
  hwloc_info_s frequency{name.data(), value.data()};
  const bool done = hwloc_cpukinds_register(topology, bitmap, efficiency, 1, &frequency, 0) == 0;
  hwloc_bitmap_free(bitmap);
  must(done, "hwloc_cpukinds_register");
}

void set_cache(hwloc_topology_t topology, unsigned l3, std::uint64_t bytes) {
  hwloc_obj_t cache = hwloc_get_obj_by_type(topology, HWLOC_OBJ_L3CACHE, l3);
  must(cache != nullptr, "there is no such L3");
  cache->attr->cache.size = bytes;
}

Edit hybrid(unsigned cpu) {
  return [cpu](hwloc_topology_t topology) {
    const int cpus = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
    set_kind(topology, "0-" + std::to_string(cpu - 1), 1, "5000");
    set_kind(topology, std::to_string(cpu) + "-" + std::to_string(cpus - 1), 0, "3000");
  };
}

void three_kinds(hwloc_topology_t topology) {
  const int third = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU) / 3;
  const char *const mhz[] = {"5000", "4000", "2500"};
  for (int kind = 0; kind < 3; ++kind)
    set_kind(topology, std::to_string(kind * third) + "-" + std::to_string((kind + 1) * third - 1),
             2 - kind, mhz[kind]);
}

void only_first_node_is_empty(hwloc_topology_t topology) {
  const int nodes = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE);
  for (int node = 0; node < nodes; ++node)
    hwloc_get_obj_by_type(topology, HWLOC_OBJ_NUMANODE, static_cast<unsigned>(node))
        ->attr->numanode.local_memory = node == 0 ? 0 : 1U << 30;
}

void last_cache_is_large(hwloc_topology_t topology) {
  const int caches = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_L3CACHE);
  for (int l3 = 0; l3 < caches; ++l3)
    set_cache(topology, static_cast<unsigned>(l3), l3 == caches - 1 ? 96U << 20 : 32U << 20);
}

CapturedHost::CapturedHost(const std::string &name) {
  const char *chosen = std::getenv("VCPUPIN_TOPOLOGIES");
  archive_ = std::string(chosen != nullptr ? chosen : VCPUPIN_TOPOLOGIES) + "/" + name + ".tar.bz2";
  static std::map<std::string, std::shared_ptr<TempDir>> known;
  if (known.contains(archive_)) {
    unpacked_ = known.at(archive_);
    return;
  }
  if (!std::filesystem::exists(archive_))
    return;
  auto dir = std::make_shared<TempDir>();
  const std::string command =
      "tar -xjf '" + archive_ + "' -C '" + dir->path() + "' --strip-components=1";
  if (std::system(command.c_str()) == 0)
    unpacked_ = known[archive_] = dir;
}
