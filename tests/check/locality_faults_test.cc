/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "found.h"

#include "../plan/hosts.h"

#include <gtest/gtest.h>

using namespace qemu_pin;

namespace {

/* Cores 0-3 of two threads (CPUs 0-7), cores 4-7 of one (8-11). */
Topology p_and_e(bool is_arm = false) {
  Topology topology = edited("pack:1 l3:1 core:8 pu:2", [](hwloc_topology_t raw) {
    hwloc_bitmap_t cpus = hwloc_bitmap_alloc();
    hwloc_bitmap_set_range(cpus, 0, 8);
    for (unsigned cpu : {10U, 12U, 14U})
      hwloc_bitmap_set(cpus, cpu);
    hwloc_topology_restrict(raw, cpus, 0);
    hwloc_bitmap_free(cpus);
    set_kind(raw, "0-7", 1, "5000");
    set_kind(raw, "8-15", 0, "3000");
  });
  topology.is_arm = is_arm;
  return topology;
}

TEST(LocalityFaults, CrossedL3) {
  EXPECT_EQ(found("-smp 2 -vcpu 0,affinity=3 -vcpu 1,affinity=4" + emulator),
            (Words{"l3-crossed: the guest is on L3s (CCDs) 0-1; 1 would be enough",
                   "-vcpu vcpunum=1,affinity=1"}));
}

TEST(LocalityFaults, AGuestThatIsSpreadAsPlanSpreadsItIsOnlyNoted) {
  EXPECT_EQ(found("-smp 2 -vcpu 0,affinity=1 -vcpu 1,affinity=4" + emulator),
            Words{"note: the guest is spread evenly over L3s 0-1; 1 would be enough, if that is "
                  "not meant"});
}

TEST(LocalityFaults, CrossedNodes) {
  const Topology two = synthetic("pack:2 [numa] core:4 pu:1");
  EXPECT_EQ(found("-smp 2 -vcpu 0,affinity=1 -vcpu 1,affinity=4 -emulatorpin affinity=0", two),
            (Words{"node-crossed: the guest is on NUMA nodes 0-1; 1 would be enough",
                   "-vcpu vcpunum=1,affinity=2"}));
  /* Six of eight need both. */
  EXPECT_EQ(found("-smp 6 -vcpu 0,affinity=1 -vcpu 1,affinity=2 -vcpu 2,affinity=3 -vcpu "
                  "3,affinity=4 -vcpu 4,affinity=5 -vcpu 5,affinity=6 -emulatorpin affinity=0",
                  two),
            Words());
}

TEST(LocalityFaults, AGuestWhoseNodesAreTheHostsCrossesNone) {
  const Topology two = synthetic("pack:2 [numa] core:4 pu:1");
  GuestDescription guest = pinned({1, 2, 5, 6}, 1);
  guest.emulator = CpuSet{0};
  guest.numa_nodes = {{0, 1}, {2, 3}};
  guest.memory = {{{0, 1}, {0}, true}, {{2, 3}, {1}, true}};
  EXPECT_EQ(lines_of(find_faults(two, guest)), Words());
  /* One of its nodes is on both. */
  guest.numa_nodes = {{0, 2}, {1, 3}};
  guest.memory.clear();
  const Findings findings = find_faults(two, guest);
  ASSERT_EQ(findings.list.size(), 1U);
  EXPECT_EQ(findings.list[0].message,
            "the guest takes vCPUs 0,2 for one NUMA node, but they are on NUMA nodes 0-1");
  EXPECT_EQ(findings.mend, (Words{"-vcpu vcpunum=0,affinity=6", "-vcpu vcpunum=3,affinity=1"}));
}

TEST(LocalityFaults, VcpusFarFromTheirMemory) {
  const Topology two = synthetic("pack:2 [numa] core:4 pu:1");
  GuestDescription guest = pinned({5, 6}, 1);
  guest.emulator = CpuSet{0};
  guest.memory = {{{}, {0}, true}};
  EXPECT_EQ(lines_of(find_faults(two, guest)),
            (Words{"memory-far: vCPUs 0-1 are on NUMA node 1, but their memory comes only from "
                   "node 0: every access crosses nodes",
                   "-vcpu vcpunum=0,affinity=1", "-vcpu vcpunum=1,affinity=2"}));
  guest.memory[0].strict = false;
  EXPECT_EQ(find_faults(two, guest).list.at(0).message,
            "vCPUs 0-1 are on NUMA node 1, but their memory preferably comes from node 0: every "
            "access crosses nodes");
  guest.memory[0].host_nodes = {0, 1};
  EXPECT_EQ(lines_of(find_faults(two, guest)), Words());
  guest.numa_nodes = {{0}, {1}};
  guest.memory = {{{0}, {1}, true}, {{1}, {0}, true}};
  EXPECT_EQ(find_faults(two, guest).mend, Words{"-vcpu vcpunum=1,affinity=1"});
}

TEST(LocalityFaults, MemoryOfANodeThatIsNotThereOrHasNoCpus) {
  Topology two = synthetic("pack:2 [numa] core:4 pu:1");
  two.nodes = {{.index = 0, .cpus = {0, 1, 2, 3}, .bytes = 1, .has_cpus = true, .kind = ""},
               {.index = 1, .cpus = {4, 5, 6, 7}, .bytes = 1, .has_cpus = true, .kind = ""},
               {.index = 2, .cpus = {}, .bytes = 1, .has_cpus = false, .kind = ""}};
  GuestDescription guest = pinned({5, 6}, 1);
  guest.emulator = CpuSet{0};
  guest.memory = {{{}, {2}, true}};
  EXPECT_EQ(lines_of(find_faults(two, guest)),
            Words{"note: memory comes from NUMA node 2, which has no CPUs: it is far from every "
                  "vCPU"});
  guest.memory = {{{}, {4}, true}};
  EXPECT_EQ(lines_of(find_faults(two, guest)),
            Words{"memory-far: memory is to come from NUMA node 4, which the host does not have, "
                  "or may not be used"});
}

TEST(LocalityFaults, MixedKindsOfCore) {
  GuestDescription guest = pinned({2, 4, 8, 10}, 1);
  guest.emulator = CpuSet{12, 14};
  Findings findings = find_faults(p_and_e(), guest);
  ASSERT_EQ(findings.list.size(), 1U);
  EXPECT_EQ(lines_of(findings),
            (Words{"mixed-kinds: vCPUs 0-1 are on P-cores, vCPUs 2-3 are on E-cores, which are "
                   "slower, and the guest does not know; P-cores alone have room for all; 2 faster "
                   "cores are free",
                   "-vcpu vcpunum=2,affinity=0", "-vcpu vcpunum=3,affinity=6"}));
  /* Too many for the faster ones: told, but right. */
  guest = pinned({0, 2, 4, 6, 8}, 1);
  guest.emulator = CpuSet{12, 14};
  EXPECT_EQ(lines_of(find_faults(p_and_e(), guest)),
            Words{"note: vCPUs 0-3 are on P-cores, vCPU 4 is on E-cores, which are slower, and the "
                  "guest does not know; P-cores alone have no room for all"});
  /* No KVM guest may be so on Arm. */
  findings = find_faults(p_and_e(true), guest);
  ASSERT_FALSE(findings.list.empty());
  EXPECT_EQ(findings.list[0].message,
            "vCPUs 0-3 are on big cores, vCPU 4 is on LITTLE cores: a KVM guest may not start on "
            "cores of two kinds, or breaks");
}

TEST(LocalityFaults, SlowerCoresWhileFasterOnesAreFree) {
  GuestDescription guest = pinned({0, 2, 4, 8, 10}, 1);
  guest.emulator = CpuSet{12, 14};
  EXPECT_EQ(lines_of(find_faults(p_and_e(), guest)),
            (Words{"slower-core: vCPUs 0-2 are on P-cores, vCPUs 3-4 are on E-cores; 1 faster core "
                   "is free",
                   "-vcpu vcpunum=4,affinity=6"}));
}

TEST(LocalityFaults, AGuestOnSlowerCoresAloneIsOnlyNoted) {
  GuestDescription guest = pinned({8, 10}, 1);
  guest.emulator = CpuSet{12, 14};
  EXPECT_EQ(lines_of(find_faults(p_and_e(), guest)),
            Words{"note: all vCPUs 0-1 are on E-cores; 4 faster cores are free"});
}

TEST(LocalityFaults, VcpusThatMoveBetweenCachesOrNodes) {
  GuestDescription guest = pinned({1, 1}, 1);
  guest.emulator = CpuSet{0, 8};
  guest.vcpus = {{0, {1, 4}}, {1, {5}}};
  const Topology one = synthetic(example_host);
  EXPECT_EQ(find_faults(one, guest).list.at(0).message,
            "vCPU 0 is free to move between L3 caches (CCDs): each move leaves the cache behind");
  EXPECT_EQ(find_faults(one, guest).mend, Words{"-vcpu vcpunum=0,affinity=4"});
  const Topology two = synthetic("pack:2 [numa] core:4 pu:1");
  guest.emulator = CpuSet{0};
  EXPECT_EQ(find_faults(two, guest).list.at(0).message,
            "vCPU 0 is free to move between NUMA nodes: each move leaves caches and memory "
            "behind");
}

} // namespace
