/*
 * A captured host of 32 CPUs and 2 NUMA nodes in a folder: what the examples of
 * vfio-isolate's documentation need.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_ISOLATION_HOST_FOLDER_H
#define TESTS_ISOLATION_HOST_FOLDER_H

#include "harness/temp_dir.h"
#include "host/host.h"

#include <filesystem>
#include <string>

class HostFolder {
public:
  static constexpr unsigned cpus = 32;

  HostFolder() {
    write("sys/devices/system/cpu/online", "0-31\n");
    for (unsigned cpu = 0; cpu < cpus; ++cpu) {
      const std::string folder = "sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cpufreq/";
      write(folder + "scaling_governor", "schedutil\n");
      write(folder + "scaling_available_governors", "performance schedutil \n");
    }
    write("sys/devices/system/node/node0/cpulist", "0-7,16-23\n");
    write("sys/devices/system/node/node1/cpulist", "8-15,24-31\n");
    write("sys/devices/system/node/node2/cpulist", "\n"); /* memory only */
    write("proc/sys/vm/drop_caches", "0\n");
    write("proc/sys/vm/compact_memory", "");
    write("proc/irq/0/smp_affinity_list", "0-31\n");
    write("proc/irq/24/smp_affinity_list", "9\n");
    write("proc/irq/25/smp_affinity_list", "2-9\n");
    write("proc/irq/default_smp_affinity", "ffffffff\n");
  }

  /* path is within the host, without the first slash. */
  void write(const std::string &path, const std::string &text) const { folder_.write(path, text); }

  void mount_v2(const std::string &enabled = "cpuset memory") const {
    write("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    write("sys/fs/cgroup/cgroup.controllers", "cpuset cpu memory\n");
    write("sys/fs/cgroup/cgroup.subtree_control", enabled + "\n");
    for (const std::string slice : {"system.slice", "user.slice"}) {
      if (enabled.find("cpuset") != std::string::npos)
        write("sys/fs/cgroup/" + slice + "/cpuset.cpus", "\n");
      write("sys/fs/cgroup/" + slice + "/cgroup.subtree_control", "memory\n");
    }
  }

  void mount_v1() const {
    write("proc/self/mountinfo",
          "31 23 0:27 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n");
    const std::string root = "sys/fs/cgroup/cpuset/";
    for (const std::string &folder : {root, root + "old/"}) {
      write(folder + "tasks", "");
      write(folder + "cpuset.cpus", folder == root ? "0-31\n" : "1-3\n");
      write(folder + "cpuset.mems", "0-1\n");
      write(folder + "cpuset.cpu_exclusive", "0\n");
      write(folder + "cpuset.sched_load_balance", "1\n");
    }
  }

  qemu_pin::Host host() const { return qemu_pin::Host(folder_.path()); }
  std::string path() const { return folder_.path(); }

  /* What a file of the host has. */
  std::string line(const std::string &file) const { return host().line_of(file); }

private:
  TempDir folder_;
};

#endif
