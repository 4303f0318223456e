/*
 * Captured hosts that a test writes: the files of /sys and /proc that hwloc and planning read.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_PLAN_SYSFS_HOST_H
#define TESTS_PLAN_SYSFS_HOST_H

#include "harness/temp_dir.h"
#include "plan/topology.h"

#include <string>
#include <vector>

/* CPUs that are alike, as CPU lists. */
struct SysfsCpus {
  std::string cpus;
  std::string l3;            /* all CPUs that share the L3; "": none */
  unsigned mhz = 0;          /* 0: the host does not say */
  unsigned capacity = 0;     /* 0: the host does not say */
  unsigned threads = 1;      /* CPUs in a row that are a core */
  unsigned sharing_l2 = 1;   /* CPUs in a row that share an L2, at least a core */
  unsigned with_cluster = 0; /* CPUs in a row that have a cluster id; 0: the host does not say */
  unsigned node = 0;         /* and package */
  std::string l1d = "32K";
};

class SysfsHost {
public:
  explicit SysfsHost(const std::vector<SysfsCpus> &cpus);

  /* Also to replace what is there. */
  void write(const std::string &file, const std::string &text) const { dir_.write(file, text); }
  /* Memory in MiB; cpus: "" for memory only. */
  void add_node(unsigned node, const std::string &cpus, unsigned mib) const;

  const std::string &root() const { return dir_.path(); }
  /* Throws if it cannot be read. */
  qemu_pin::Topology read() const;

private:
  void add(const SysfsCpus &like, unsigned cpu, const qemu_pin::CpuSet &all) const;

  TempDir dir_;
};

#endif
