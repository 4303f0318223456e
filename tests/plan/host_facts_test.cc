/*
 * What a host says beside its cores: memory, CPUs that are offline, not allowed or isolated, the
 * architecture; and the line that tells people of it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hosts.h"
#include "plan/host_line.h"
#include "plan/placement.h"
#include "sysfs_host.h"

#include <gtest/gtest.h>

namespace {

using qemu_pin::cpu_list;
using qemu_pin::CpuSet;
using qemu_pin::MemoryNode;
using qemu_pin::read_topology;
using qemu_pin::Topology;
using qemu_pin::TopologySource;

/* Eight CPUs on two packages, each a node. */
SysfsHost two_nodes() {
  return SysfsHost({{.cpus = "0-3", .l3 = "0-3"}, {.cpus = "4-7", .l3 = "4-7", .node = 1}});
}

/* Puts the process that reads the host into a cpuset of cgroup v2. */
void confine(const SysfsHost &host, const std::string &cpus, const std::string &nodes) {
  host.write("proc/mounts", "sysfs /sys sysfs rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n");
  host.write("proc/self/cgroup", "0::/box\n");
  host.write("sys/fs/cgroup/cgroup.controllers", "cpuset cpu memory\n");
  host.write("sys/fs/cgroup/box/cpuset.cpus.effective", cpus + "\n");
  host.write("sys/fs/cgroup/box/cpuset.mems.effective", nodes + "\n");
}

unsigned node_of(const Topology &topology, unsigned cpu) {
  return topology.domains[topology.core_of(cpu)->domain].node;
}

std::string line(const SysfsHost &host) {
  const std::string text =
      host_line({.file = "", .root = host.root(), .synthetic = "", .device = ""}, host.read());
  return text.substr(host.root().size() + 2); /* without the folder */
}

struct States {
  const char *archive, *offline, *not_allowed;
};

std::ostream &operator<<(std::ostream &stream, const States &states) {
  return stream << states.archive;
}

class CapturedStates : public testing::TestWithParam<States> {};

TEST_P(CapturedStates, TellWhyACpuIsLeftOut) {
  const CapturedHost host(GetParam().archive);
  if (!host)
    GTEST_SKIP() << "needs " << host.archive();
  const auto topology =
      read_topology({.file = "", .root = host.root(), .synthetic = "", .device = ""});
  ASSERT_TRUE(topology) << topology.error().message;
  EXPECT_EQ(cpu_list(topology->offline), GetParam().offline);
  EXPECT_EQ(cpu_list(topology->not_allowed), GetParam().not_allowed);
}

INSTANTIATE_TEST_SUITE_P(Hosts, CapturedStates,
                         testing::Values(States{"16em64t-4s2c2t", "", ""},
                                         States{"16em64t-4s2c2t-offlines", "2,5,13-14", ""},
                                         States{"32amd64-4s2n4c-cgroup2", "", "6-31"},
                                         States{"offline-cpu0-node0", "0-3,21-23", ""}));

TEST(Cpus, ThatWereOfflineWhenAFileWasWrittenAreTold) {
  const SysfsHost captured = two_nodes();
  captured.write("sys/devices/system/cpu/online", "0-4,6-7\n");
  captured.write("sys/devices/system/cpu/cpu5/online", "0\n");
  const auto host =
      read_topology({.file = "", .root = captured.root(), .synthetic = "", .device = ""}, true);
  ASSERT_TRUE(host) << host.error().message;
  const TempDir dir;
  dir.write("host.xml", host->xml);
  const auto topology =
      read_topology({.file = dir.file("host.xml"), .root = "", .synthetic = "", .device = ""});
  ASSERT_TRUE(topology) << topology.error().message;
  EXPECT_EQ(cpu_list(topology->offline), "5");
  EXPECT_TRUE(topology->not_allowed.empty());
}

TEST(Cpus, ThatTheKernelIsolatesAreTold) {
  const SysfsHost host = two_nodes();
  EXPECT_TRUE(host.read().isolated.empty());
  host.write("sys/devices/system/cpu/isolated", "2-3\n");
  host.write("sys/devices/system/cpu/nohz_full", "3-4\n");
  EXPECT_EQ(cpu_list(host.read().isolated), "2-4");
  host.write("sys/devices/system/cpu/nohz_full", "  (null)\n");
  EXPECT_EQ(cpu_list(host.read().isolated), "2-3");
}

TEST(Cpus, OfAnIsolatedPartitionAreTold) {
  const SysfsHost host = two_nodes();
  host.write("sys/fs/cgroup/machine/cpuset.cpus.partition", "root\n");
  host.write("sys/fs/cgroup/machine/cpuset.cpus.effective", "2-7\n");
  host.write("sys/fs/cgroup/machine/guest/cpuset.cpus.partition", "isolated\n");
  host.write("sys/fs/cgroup/machine/guest/cpuset.cpus.effective", "5-6\n");
  host.write("sys/fs/cgroup/user/cpuset.cpus.partition", "member\n");
  host.write("sys/fs/cgroup/user/lost/cpuset.cpus.partition", "isolated invalid (...)\n");
  host.write("sys/fs/cgroup/user/lost/cpuset.cpus.effective", "1\n");
  EXPECT_EQ(cpu_list(host.read().isolated), "5-6");
}

TEST(Cpus, ThatNewKernelsListAsIsolatedAreTold) {
  const SysfsHost host = two_nodes();
  host.write("sys/fs/cgroup/cpuset.cpus.isolated", "1,7\n");
  EXPECT_EQ(cpu_list(host.read().isolated), "1,7");
}

TEST(Nodes, HaveTheirCpusAndMemory) {
  const Topology host = two_nodes().read();
  ASSERT_EQ(host.nodes.size(), 2U);
  for (unsigned node : {0U, 1U}) {
    EXPECT_EQ(host.nodes[node].index, node);
    EXPECT_EQ(cpu_list(host.nodes[node].cpus), node == 0 ? "0-3" : "4-7");
    EXPECT_EQ(host.nodes[node].bytes, 1024ULL << 20);
    EXPECT_TRUE(host.nodes[node].has_cpus);
    EXPECT_TRUE(host.has_memory(node));
  }
}

TEST(Nodes, OfMemoryOnlyHaveNoCpusAndAreSaidToBeSo) {
  const SysfsHost host = two_nodes();
  host.add_node(2, "", 4096);
  const Topology topology = host.read();
  ASSERT_EQ(topology.nodes.size(), 3U);
  EXPECT_TRUE(topology.nodes[2].cpus.empty());
  EXPECT_FALSE(topology.nodes[2].has_cpus);
  EXPECT_TRUE(topology.has_memory(2));
  EXPECT_EQ(line(host), "8 cores, 8 CPUs, 2 L3s, 2 NUMA nodes; node 2 has memory but no CPUs");
}

/* hwloc says which CPUs are near such memory; it is not their node all the same. */
TEST(Nodes, OfMemoryThatIsNearCpusAreNotTheirNode) {
  const Topology host =
      edited("pack:2 [numa(memory=1GB)] [numa(memory=8GB)] core:2 pu:1", [](hwloc_topology_t) {});
  for (unsigned cpu : {0U, 1U})
    EXPECT_EQ(node_of(host, cpu), 0U);
  ASSERT_EQ(host.nodes.size(), 4U);
  EXPECT_EQ(cpu_list(host.nodes[0].cpus), "0-1");
}

TEST(Nodes, WithoutMemoryAreSaidToBeSo) {
  const SysfsHost host = two_nodes();
  host.add_node(1, "4-7", 0);
  const Topology topology = host.read();
  EXPECT_TRUE(topology.has_memory(0));
  EXPECT_FALSE(topology.has_memory(1));
  EXPECT_EQ(node_of(topology, 4), 1U);
  EXPECT_EQ(line(host), "8 cores, 8 CPUs, 2 L3s, 2 NUMA nodes; node 1 has CPUs but no memory that "
                        "may be used");
}

TEST(Nodes, OfWhichNoneTellsItsMemoryMayAllHaveSome) {
  Topology host = two_nodes().read();
  for (MemoryNode &node : host.nodes)
    node.bytes = 0;
  EXPECT_TRUE(host.has_memory(0));
  EXPECT_TRUE(host.has_memory(1));
}

TEST(Nodes, WhoseMemoryACpusetDoesNotHaveKeepTheirNumber) {
  const SysfsHost host = two_nodes();
  confine(host, "2-5", "1");
  const Topology topology = host.read();
  EXPECT_EQ(cpu_list(topology.cpus()), "2-5");
  EXPECT_EQ(cpu_list(topology.not_allowed), "0-1,6-7");
  EXPECT_TRUE(topology.offline.empty());
  EXPECT_EQ(node_of(topology, 2), 0U);
  EXPECT_EQ(node_of(topology, 4), 1U);
  EXPECT_FALSE(topology.has_memory(0));
  ASSERT_EQ(topology.nodes.size(), 1U);
  EXPECT_EQ(topology.nodes[0].index, 1U);
}

TEST(Nodes, WhoseMemoryMayNotBeUsedKeepTheirCpus) {
  const SysfsHost host = two_nodes();
  confine(host, "4-7", "0");
  const Topology topology = host.read();
  for (unsigned cpu : {4U, 5U, 6U, 7U})
    EXPECT_EQ(node_of(topology, cpu), 1U);
  EXPECT_FALSE(topology.has_memory(1));
}

TEST(Line, TellsOfThreadsAndCpusLeftOut) {
  const SysfsHost host({{.cpus = "0-7", .l3 = "0-7", .threads = 2}});
  EXPECT_EQ(line(host), "4 cores, 8 CPUs (2 hyperthreads a core), 1 L3, 1 NUMA node");
  host.write("sys/devices/system/cpu/online", "0-5\n");
  host.write("sys/devices/system/cpu/cpu6/online", "0\n");
  host.write("sys/devices/system/cpu/cpu7/online", "0\n");
  host.write("sys/devices/system/cpu/isolated", "4-5\n");
  EXPECT_EQ(line(host), "3 cores, 6 CPUs (2 hyperthreads a core), 1 L3, 1 NUMA node; CPUs 6-7 are "
                        "offline; CPUs 4-5 are isolated by the kernel");
}

TEST(Line, BeginsWithTheHost) {
  const std::string text = "pack:1 core:2 pu:1";
  EXPECT_EQ(host_line({.file = "", .root = "", .synthetic = text, .device = ""}, synthetic(text)),
            "synthetic topology 'pack:1 core:2 pu:1': 2 cores, 2 CPUs, 1 NUMA node");
}

TEST(Arm, IsToldByTheCaptureNotByThisHost) {
  const SysfsHost host = two_nodes();
  EXPECT_FALSE(host.read().is_arm);
  host.write("proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\n");
  EXPECT_TRUE(host.read().is_arm);
}

TEST(Arm, IsToldByHwlocsFile) {
  const Topology host = edited("core:4 pu:1", [](hwloc_topology_t topology) {
    hwloc_obj_add_info(hwloc_get_root_obj(topology), "Architecture", "aarch64");
  });
  EXPECT_TRUE(host.is_arm);
}

} // namespace
