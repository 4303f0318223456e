/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysfs_host.h"

#include <algorithm>
#include <map>
#include <stdexcept>

using qemu_pin::CpuSet;

namespace {

const std::string cpus_folder = "sys/devices/system/cpu";
const std::string nodes_folder = "sys/devices/system/node";

CpuSet set_of(const std::string &list) {
  auto cpus = qemu_pin::read_cpu_set(list);
  if (!cpus)
    throw std::runtime_error(cpus.error().message);
  return *cpus;
}

std::string mask(const CpuSet &cpus) {
  return qemu_pin::cpu_mask(cpus, "00000000") + "\n";
}

/* That row of so many CPUs of all which has the CPU. */
CpuSet row(const CpuSet &all, unsigned cpu, unsigned cpus) {
  const std::vector<unsigned> in_order(all.begin(), all.end());
  const auto at = std::find(in_order.begin(), in_order.end(), cpu) - in_order.begin();
  const auto start = at / cpus * cpus;
  const auto end = std::min<std::ptrdiff_t>(start + cpus, std::ssize(in_order));
  return {in_order.begin() + start, in_order.begin() + end};
}

} // namespace

SysfsHost::SysfsHost(const std::vector<SysfsCpus> &cpus) {
  CpuSet all;
  std::map<unsigned, CpuSet> nodes;
  for (const SysfsCpus &like : cpus) {
    all.merge(set_of(like.cpus));
    nodes[like.node].merge(set_of(like.cpus));
  }
  for (const char *file : {"online", "possible", "present"})
    write(cpus_folder + "/" + file, cpu_list(all) + "\n");
  write("proc/mounts", "sysfs /sys sysfs rw 0 0\n");
  write("proc/cpuinfo", "");
  for (const SysfsCpus &like : cpus)
    for (unsigned cpu : set_of(like.cpus))
      add(like, cpu, nodes[like.node]);
  for (const auto &[node, members] : nodes)
    add_node(node, cpu_list(members), 1024);
}

void SysfsHost::add(const SysfsCpus &like, unsigned cpu, const CpuSet &package) const {
  const CpuSet own = set_of(like.cpus);
  const std::string folder = cpus_folder + "/cpu" + std::to_string(cpu) + "/";
  write(folder + "online", "1\n");
  const CpuSet core = row(own, cpu, like.threads);
  write(folder + "topology/core_cpus", mask(core));
  write(folder + "topology/thread_siblings", mask(core));
  write(folder + "topology/core_id", std::to_string(*core.begin()) + "\n");
  write(folder + "topology/package_cpus", mask(package));
  write(folder + "topology/core_siblings", mask(package));
  write(folder + "topology/physical_package_id", std::to_string(like.node) + "\n");
  if (like.with_cluster) {
    const CpuSet cluster = row(own, cpu, like.with_cluster);
    write(folder + "topology/cluster_cpus", mask(cluster));
    write(folder + "topology/cluster_id", std::to_string(*cluster.begin()) + "\n");
  }
  if (like.mhz)
    write(folder + "cpufreq/cpuinfo_max_freq", std::to_string(like.mhz) + "000\n");
  if (like.capacity)
    write(folder + "cpu_capacity", std::to_string(like.capacity) + "\n");
  const auto cache = [&](unsigned level, const std::string &size, const CpuSet &sharing) {
    const std::string index = folder + "cache/index" + std::to_string(level - 1) + "/";
    write(index + "level", std::to_string(level) + "\n");
    write(index + "type", level == 1 ? "Data\n" : "Unified\n");
    write(index + "size", size + "\n");
    write(index + "shared_cpu_map", mask(sharing));
  };
  cache(1, like.l1d, core);
  cache(2, "1024K", row(own, cpu, std::max(like.sharing_l2, like.threads)));
  if (!like.l3.empty())
    cache(3, "32768K", set_of(like.l3));
}

void SysfsHost::add_node(unsigned node, const std::string &cpus, unsigned mib) const {
  const std::string number = std::to_string(node);
  const std::string folder = nodes_folder + "/node" + number + "/";
  write(folder + "cpumap", mask(cpus.empty() ? CpuSet() : set_of(cpus)));
  write(folder + "cpulist", cpus + "\n");
  write(folder + "meminfo",
        "Node " + number + " MemTotal: " + std::to_string(mib * 1024) + " kB\n");
  std::string nodes = "0";
  for (unsigned one = 1; one <= node; ++one)
    nodes += "," + std::to_string(one);
  write(nodes_folder + "/online", nodes + "\n");
}

qemu_pin::Topology SysfsHost::read() const {
  auto topology =
      qemu_pin::read_topology({.file = "", .root = root(), .synthetic = "", .device = ""});
  if (!topology)
    throw std::runtime_error(topology.error().message);
  return *topology;
}
