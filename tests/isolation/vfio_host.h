/*
 * A captured host of 32 CPUs and 2 NUMA nodes in a folder: what the examples of
 * vfio-isolate's documentation need.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_ISOLATION_VFIO_HOST_H
#define TESTS_ISOLATION_VFIO_HOST_H

#include "captured_host.h"

#include <string>

class VfioHost : public qemu_pin::CapturedHost {
public:
  static constexpr unsigned cpus = 32;

  VfioHost() : CapturedHost("0-31") {
    for (unsigned cpu = 0; cpu < cpus; ++cpu) {
      const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cpufreq/";
      write(folder + "scaling_governor", "schedutil");
      write(folder + "scaling_available_governors", "performance schedutil ");
    }
    write("/sys/devices/system/node/node0/cpulist", "0-7,16-23");
    write("/sys/devices/system/node/node1/cpulist", "8-15,24-31");
    write("/sys/devices/system/node/node2/cpulist", ""); /* memory only */
    write("/proc/sys/vm/drop_caches", "0");
    write_nothing("/proc/sys/vm/compact_memory");
    write("/proc/irq/0/smp_affinity_list", "0-31");
    write("/proc/irq/24/smp_affinity_list", "9");
    write("/proc/irq/25/smp_affinity_list", "2-9");
    write("/proc/irq/default_smp_affinity", "ffffffff");
  }

  void mount_v2(const std::string &enabled = "cpuset memory") const {
    write("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw");
    write("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu memory");
    write("/sys/fs/cgroup/cgroup.subtree_control", enabled);
    for (const std::string slice : {"system.slice", "user.slice"}) {
      if (enabled.find("cpuset") != std::string::npos)
        write("/sys/fs/cgroup/" + slice + "/cpuset.cpus", "");
      write("/sys/fs/cgroup/" + slice + "/cgroup.subtree_control", "memory");
    }
  }

  void mount_v1() const {
    write("/proc/self/mountinfo",
          "31 23 0:27 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset");
    const std::string root = "/sys/fs/cgroup/cpuset/";
    for (const std::string &folder : {root, root + "old/"}) {
      write_nothing(folder + "tasks");
      write(folder + "cpuset.cpus", folder == root ? "0-31" : "1-3");
      write(folder + "cpuset.mems", "0-1");
      write(folder + "cpuset.cpu_exclusive", "0");
      write(folder + "cpuset.sched_load_balance", "1");
    }
  }
};

#endif
