/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/cpu_states.h"

namespace qemu_pin {

namespace {

/* None where there is no such file, or no CPU list in it ("(null)"). */
CpuSet list_in(const Host &host, const std::string &file) {
  auto cpus = read_cpu_set(host.line_of(file));
  return cpus ? *cpus : CpuSet();
}

/* Of the partitions below a control group. A partition's parent is a partition, or the root. */
void add_partitions(const Host &host, const std::string &group, CpuSet &isolated) {
  for (const std::string &name : host.names_in(group)) {
    const std::string below = group + "/" + name;
    const std::string partition = host.line_of(below + "/cpuset.cpus.partition");
    if (partition == "isolated")
      isolated.merge(list_in(host, below + "/cpuset.cpus.effective"));
    if (partition == "isolated" || partition == "root")
      add_partitions(host, below, isolated);
  }
}

} // namespace

CpuSet offline_cpus(const Host &host, const CpuSet &unusable) {
  CpuSet offline;
  for (unsigned cpu : unusable)
    if (host.line_of("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/online") == "0")
      offline.insert(cpu);
  return offline;
}

CpuSet isolated_cpus(const Host &host) {
  CpuSet isolated = list_in(host, "/sys/devices/system/cpu/isolated");
  isolated.merge(list_in(host, "/sys/devices/system/cpu/nohz_full"));
  /* Linux 6.7 and later say it in one file. */
  const std::string group = "/sys/fs/cgroup";
  const std::string all = group + "/cpuset.cpus.isolated";
  if (auto text = host.read_file(all); text && *text)
    isolated.merge(list_in(host, all));
  else
    add_partitions(host, group, isolated);
  return isolated;
}

} // namespace qemu_pin
