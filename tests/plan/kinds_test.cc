/*
 * What tells kinds of core apart, and which of them guest and host get.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hosts.h"
#include "placed.h"
#include "plan/placement.h"
#include "plan/roles.h"
#include "sysfs_host.h"

#include <gtest/gtest.h>

namespace {

using qemu_pin::CoreKind;
using qemu_pin::cpu_list;
using qemu_pin::CpuSet;
using qemu_pin::Placement;
using qemu_pin::PlacementRequest;
using qemu_pin::Topology;

std::string guest(const Topology &topology, const PlacementRequest &request) {
  return cpu_list(placed(topology, request).guest());
}

/* Two P-cores that boost further than the two others, and a module of four E-cores that is within
 * a seventh of these. */
SysfsHost desktop(unsigned e_core_mhz = 4600) {
  return SysfsHost({{.cpus = "0-3", .l3 = "0-11", .mhz = 5200, .threads = 2},
                    {.cpus = "4-7", .l3 = "0-11", .mhz = 5800, .threads = 2},
                    {.cpus = "8-11", .l3 = "0-11", .mhz = e_core_mhz, .sharing_l2 = 4}});
}

/* The same kinds and two low-power E-cores, which have no L3. */
SysfsHost laptop() {
  return SysfsHost({{.cpus = "0-3", .l3 = "0-7", .mhz = 4800, .threads = 2},
                    {.cpus = "4-7", .l3 = "0-7", .mhz = 3800, .sharing_l2 = 4},
                    {.cpus = "8-9", .l3 = "", .mhz = 2500, .sharing_l2 = 2}});
}

SysfsHost phone(unsigned big_capacity = 1024, unsigned little_capacity = 446) {
  const SysfsCpus little = {.cpus = "0-3", .l3 = "0-5", .mhz = 2000, .capacity = little_capacity};
  const SysfsCpus big = {.cpus = "4-5", .l3 = "0-5", .mhz = 2200, .capacity = big_capacity};
  SysfsHost host({little, big});
  std::string cpuinfo;
  for (int cpu = 0; cpu < 6; ++cpu)
    cpuinfo += "processor\t: " + std::to_string(cpu) +
               "\nCPU implementer\t: 0x41\nCPU part\t: " + (cpu < 4 ? "0xd05" : "0xd0b") + "\n\n";
  host.write("proc/cpuinfo", cpuinfo);
  return host;
}

TEST(Intel, PerformanceCoresAreOneKindHoweverFarTheyBoost) {
  const SysfsHost host = desktop();
  host.write("sys/devices/cpu_core/cpus", "0-7\n");
  host.write("sys/devices/cpu_atom/cpus", "8-11\n");
  EXPECT_EQ(kinds_of(host.read()), "0-7/8-11");
}

TEST(Intel, EfficiencyCoresAreAKindHoweverNearTheirFrequencyIs) {
  const SysfsHost host = desktop(5800);
  host.write("sys/devices/cpu_core/cpus", "0-7\n");
  host.write("sys/devices/cpu_atom/cpus", "8-11\n");
  EXPECT_EQ(kinds_of(host.read()), "0-7/8-11");
}

TEST(Intel, LowPowerCoresAreTheThirdKind) {
  const SysfsHost host = desktop();
  host.write("sys/devices/cpu_core/cpus", "0-7\n");
  host.write("sys/devices/cpu_atom/cpus", "8-9\n");
  host.write("sys/devices/cpu_lowpower/cpus", "10-11\n");
  const Topology topology = host.read();
  EXPECT_EQ(kinds_of(topology), "0-7/8-9/10-11");
  EXPECT_EQ(topology.kind_of(0), CoreKind::performance);
  EXPECT_EQ(topology.kind_of(1), CoreKind::efficiency);
  EXPECT_EQ(topology.kind_of(2), CoreKind::low_power);
}

/* Kernels before the third list count them among the E-cores. */
TEST(Intel, EfficiencyCoresWithoutTheL3AreLowPowerOnes) {
  const SysfsHost host = laptop();
  host.write("sys/devices/cpu_core/cpus", "0-3\n");
  host.write("sys/devices/cpu_atom/cpus", "4-9\n");
  const Topology topology = host.read();
  EXPECT_EQ(kinds_of(topology), "0-3/4-7/8-9");
  EXPECT_TRUE(topology.domains[topology.core_of(7)->domain].has_l3);
  EXPECT_FALSE(topology.domains[topology.core_of(8)->domain].has_l3);
  EXPECT_NE(topology.core_of(7)->domain, topology.core_of(8)->domain);
}

TEST(Intel, CoresAreToldApartByCpuidWhereAFileHasIt) {
  const Topology host = edited("pack:1 l3:1 core:6 pu:1", [](hwloc_topology_t topology) {
    for (int kind : {0, 1}) {
      hwloc_bitmap_t cpus = hwloc_bitmap_alloc();
      hwloc_bitmap_set_range(cpus, kind ? 0 : 3, kind ? 2 : 5);
      std::string name = "CoreType", value = kind ? "IntelCore" : "IntelAtom";
      hwloc_info_s info{name.data(), value.data()};
      hwloc_cpukinds_register(topology, cpus, -1, 1, &info, 0);
      hwloc_bitmap_free(cpus);
    }
  });
  EXPECT_EQ(kinds_of(host), "0-2/3-5");
}

TEST(Design, OfOtherL1CachesIsAnotherKindEvenAtOneFrequency) {
  const SysfsHost host({{.cpus = "0-3", .l3 = "0-4", .mhz = 2800},
                        {.cpus = "4", .l3 = "0-4", .mhz = 3000, .l1d = "48K"}});
  EXPECT_EQ(kinds_of(host.read()), "4/0-3");
}

TEST(Frequency, WithinASeventhIsOneKind) {
  const SysfsHost host(
      {{.cpus = "0-1", .l3 = "0-3", .mhz = 5000}, {.cpus = "2-3", .l3 = "0-3", .mhz = 5700}});
  EXPECT_EQ(kinds_of(host.read()), "0-3");
}

TEST(Frequency, FarBelowTheFastestIsAnotherKind) {
  const SysfsHost host(
      {{.cpus = "0-1", .l3 = "0-1", .mhz = 5100}, {.cpus = "2-5", .l3 = "2-5", .mhz = 3300}});
  EXPECT_EQ(kinds_of(host.read()), "0-1/2-5");
}

TEST(Frequency, ThatIsNotKnownOfSomeTellsNothing) {
  const SysfsHost host({{.cpus = "0-1", .l3 = "0-3", .mhz = 5000}, {.cpus = "2-3", .l3 = "0-3"}});
  EXPECT_EQ(kinds_of(host.read()), "0-3");
}

/* Zen 5 and Zen 5c in a file that has no frequencies; and two CCDs of which one has more cache. */
TEST(Caches, ThatManyCoresShareTellCompactOnesWhereNoFrequencyDoes) {
  const char *const compact = "l3:2(size=16MB) core:8 pu:1";
  const auto with_smaller_l3 = [&](const std::string &left) {
    return edited(compact, [&](hwloc_topology_t topology) {
      set_cache(topology, 1, 8U << 20);
      hwloc_bitmap_t cpus = hwloc_bitmap_alloc();
      hwloc_bitmap_list_sscanf(cpus, left.c_str());
      hwloc_topology_restrict(topology, cpus, 0);
      hwloc_bitmap_free(cpus);
    });
  };
  EXPECT_EQ(kinds_of(with_smaller_l3("0-3,8-15")), "0-3/8-15");
  EXPECT_EQ(kinds_of(with_smaller_l3("0-5,8-15")), "0-5,8-15");
  EXPECT_EQ(kinds_of(edited(example_host, last_cache_is_large)), "0-15");
}

TEST(Capacity, GoesBeforeFrequency) {
  const SysfsHost host({{.cpus = "0-1", .l3 = "0-3", .mhz = 2400, .capacity = 400},
                        {.cpus = "2-3", .l3 = "0-3", .mhz = 2300, .capacity = 1024}});
  EXPECT_EQ(kinds_of(host.read()), "2-3/0-1");
}

TEST(Capacity, OfOtherArmDesignsIsAnotherKindHoweverNear) {
  EXPECT_EQ(kinds_of(phone(1024, 1000).read()), "4-5/0-3");
}

TEST(Cores, OfEachKindCanBeAskedFor) {
  const SysfsHost host = laptop();
  host.write("sys/devices/cpu_core/cpus", "0-3\n");
  host.write("sys/devices/cpu_atom/cpus", "4-9\n");
  const Topology topology = host.read();
  PlacementRequest request;
  request.kinds = {CoreKind::performance};
  EXPECT_EQ(guest(topology, request), "0-3");
  request.kinds = {CoreKind::efficiency};
  EXPECT_EQ(guest(topology, request), "4-7");
  request.kinds = {CoreKind::low_power};
  EXPECT_EQ(guest(topology, request), "8-9");
  request.kinds = {CoreKind::efficiency, CoreKind::low_power};
  EXPECT_EQ(guest(topology, request), "4-9");
  request.vcpus = 3;
  EXPECT_EQ(guest(topology, request), "4-6");
}

TEST(Cores, OfAKindThatTheHostDoesNotHaveAreRefused) {
  PlacementRequest request;
  request.kinds = {CoreKind::low_power};
  EXPECT_EQ(refusal(edited("core:4 pu:1", hybrid(2)), request),
            "this host has no low-power cores: it has performance and efficiency cores only");
}

TEST(LowPowerCores, AreWhereTheHostsReserveIsFirstAndAGuestLast) {
  const SysfsHost host = laptop();
  host.write("sys/devices/cpu_core/cpus", "0-3\n");
  host.write("sys/devices/cpu_atom/cpus", "4-9\n");
  const Topology topology = host.read();
  for (unsigned vcpus : {2U, 4U, 6U, 8U}) {
    const Placement placement = placed(topology, wanting(vcpus, 2));
    EXPECT_EQ(cpu_list(placement.reserved), "8-9");
    EXPECT_EQ(cpu_list(placement.guest()), "0-" + std::to_string(vcpus - 1));
  }
  EXPECT_EQ(cpu_list(placed(topology, wanting(4, 3)).reserved), "4,8-9");
  EXPECT_EQ(guest(topology, wanting(9)), "0-8");
  PlacementRequest all;
  all.reserve_cores = 1;
  EXPECT_EQ(cpu_list(placed(topology, all).reserved), "8");
}

TEST(Emulator, WithoutReservedCoresIsOffTheFastestOnes) {
  const SysfsHost host = desktop();
  host.write("sys/devices/cpu_core/cpus", "0-7\n");
  host.write("sys/devices/cpu_atom/cpus", "8-11\n");
  const Topology topology = host.read();
  const auto emulator_beside = [&](unsigned vcpus) {
    return plan_for(topology, placed(topology, wanting(vcpus)), 0, 0).emulator;
  };
  EXPECT_EQ(emulator_beside(4), "8-11");
  EXPECT_EQ(emulator_beside(10), "10-11");
}

TEST(Arm, GuestsAreOnOneKindUnlessAskedOtherwise) {
  const Topology host = phone().read();
  EXPECT_EQ(guest(host, {}), "4-5");
  EXPECT_EQ(guest(host, wanting(2)), "4-5");
  EXPECT_EQ(guest(host, wanting(4)), "0-3"); /* too few big ones */
  EXPECT_EQ(refusal(host, wanting(5)),
            "5 vCPUs with whole cores need 5 cores; 2 are free among the performance cores (at "
            "most 2 vCPUs fit, or more with --overcommit); a KVM guest on Arm may not start on "
            "cores of several kinds: --cores any allows them");
  EXPECT_EQ(refusal(host, wanting(7)).find("--cores any"), std::string::npos);
}

TEST(Arm, GuestsMayMixKindsWhenAskedTo) {
  const Topology host = phone().read();
  PlacementRequest request = wanting(5);
  request.rules.any_core = true;
  EXPECT_EQ(guest(host, request), "0-4");
  request.rules.any_core = false;
  request.kinds = {CoreKind::performance, CoreKind::efficiency};
  EXPECT_EQ(guest(host, request), "0-2,4-5");
}

TEST(Arm, OvercommitsOneKindOnly) {
  PlacementRequest request = wanting(5);
  request.overcommit = true;
  EXPECT_EQ(guest(phone().read(), request), "4-5");
}

TEST(OtherHosts, MixKindsWhereOneHasNoRoom) {
  const SysfsHost host = desktop();
  host.write("sys/devices/cpu_core/cpus", "0-7\n");
  host.write("sys/devices/cpu_atom/cpus", "8-11\n");
  EXPECT_EQ(guest(host.read(), wanting(10)), "0-9");
}

TEST(Clusters, AreGivenWhole) {
  const SysfsHost host(std::vector<SysfsCpus>{{.cpus = "0-11", .l3 = "0-11", .with_cluster = 4}});
  const Topology topology = host.read();
  EXPECT_EQ(guest(topology, wanting(4, 1)), "4-7");
  EXPECT_EQ(guest(topology, wanting(8, 2)), "4-11");
}

TEST(Clusters, OfOneCoreOrOfAWholeL3PartNothing) {
  const SysfsHost host({{.cpus = "0-3", .l3 = "0-3", .sharing_l2 = 1},
                        {.cpus = "4-7", .l3 = "4-7", .sharing_l2 = 4}});
  for (const qemu_pin::Core &core : host.read().cores)
    EXPECT_FALSE(core.cluster) << "CPU " << core.cpus[0];
}

TEST(Clusters, AreToldApartByTheirIdOrTheirL2) {
  for (bool by_id : {false, true}) {
    const SysfsHost host({{.cpus = "0-5",
                           .l3 = "0-5",
                           .sharing_l2 = by_id ? 1U : 2U,
                           .with_cluster = by_id ? 2U : 0U}});
    const Topology topology = host.read();
    for (unsigned cpu : {0U, 2U, 4U}) {
      ASSERT_TRUE(topology.core_of(cpu)->cluster) << "CPU " << cpu;
      EXPECT_EQ(topology.core_of(cpu)->cluster, topology.core_of(cpu + 1)->cluster);
      EXPECT_NE(topology.core_of(cpu)->cluster, topology.core_of((cpu + 2) % 6)->cluster);
    }
  }
}

TEST(Nodes, WithoutMemoryAreUsedLast) {
  const Topology host = edited("pack:2 [numa] l3:1 core:4 pu:1", only_first_node_is_empty);
  EXPECT_EQ(guest(host, wanting(4)), "4-7");
  EXPECT_EQ(guest(host, wanting(5)), "0,4-7");
}

TEST(Nodes, OfMemoryOnlyAreNoPlaceForVcpus) {
  const SysfsHost host(std::vector<SysfsCpus>{{.cpus = "0-1", .l3 = "0-1"}});
  host.add_node(1, "", 4096);
  PlacementRequest request;
  request.nodes = {1};
  EXPECT_EQ(refusal(host.read(), request),
            "NUMA node 1 has memory but no CPUs: a guest's memory can be there, its vCPUs cannot");
}

TEST(LargestCache, HasNoReservedCoreWhenAskedFor) {
  const Topology host = edited(example_host, last_cache_is_large);
  PlacementRequest request = wanting(6, 1);
  request.rules.prefer_big_cache = true;
  EXPECT_EQ(cpu_list(placed(host, request).guest()), "4-6,12-14");
  EXPECT_EQ(cpu_list(placed(host, request).reserved), "0,8");
  request.vcpus.reset();
  EXPECT_EQ(cpu_list(placed(host, request).reserved), "0,8");
}

constexpr const char *hybrid_host = "pack:1 l3:1 core:8 pu:1";

TEST(Hybrid, GuestsGetTheFasterCoresFirst) {
  const Topology host = edited(hybrid_host, [](hwloc_topology_t topology) {
    set_kind(topology, "0-3", 0, "3000");
    set_kind(topology, "4-7", 1, "5000");
  });
  EXPECT_EQ(host.kinds, 2U);
  EXPECT_EQ(placed(host, wanting(4)).vcpus, from_to(4, 7));
  EXPECT_EQ(cpu_list(placed(host, wanting(6)).guest()), "0-1,4-7");
}

TEST(Hybrid, GuestsMayHavePerformanceCoresOnly) {
  const Topology host = edited(hybrid_host, hybrid(3));
  PlacementRequest request;
  request.kinds = {CoreKind::performance};
  EXPECT_EQ(placed(host, request).vcpus, from_to(0, 2));
  request.vcpus = 4;
  EXPECT_EQ(refusal(host, request),
            "4 vCPUs with whole cores need 4 cores; 3 are free among the performance cores (at "
            "most 3 vCPUs fit, or more with --overcommit)");
}

TEST(Hybrid, GuestsMayHaveEfficiencyCoresOnly) {
  const Topology host = edited(hybrid_host, hybrid(3));
  PlacementRequest request;
  request.kinds = {CoreKind::efficiency};
  EXPECT_EQ(placed(host, request).vcpus, from_to(3, 7));
}

TEST(Hybrid, KindsAreAlikeWhenAnyWillDo) {
  const Topology host = edited("pack:1 l3:2 core:4 pu:1", hybrid(2));
  EXPECT_EQ(placed(host, wanting(4)).vcpus, from_to(0, 3));
  PlacementRequest request = wanting(4);
  request.reserve = {0};
  EXPECT_EQ(cpu_list(placed(host, request).guest()), "1-4");
  /* The second L3 has room for all. */
  request.rules.any_core = true;
  EXPECT_EQ(placed(host, request).vcpus, from_to(4, 7));
}

TEST(Hybrid, CoresWithTwoThreadsAreNotMixedWithThoseWithOne) {
  const Topology host = edited("pack:1 l3:1 core:4 pu:2", [](hwloc_topology_t topology) {
    set_kind(topology, "0-3", 1, "5000");
    set_kind(topology, "4-7", 0, "3000");
  });
  PlacementRequest request = wanting(6);
  EXPECT_EQ(guest_of(host, placed(host, request)), "1x3x2");
}

TEST(Hybrid, FavouredCoresAreNoOtherKind) {
  const Topology host = edited(hybrid_host, [](hwloc_topology_t topology) {
    set_kind(topology, "2-3", 1, "5250");
    set_kind(topology, "0-1,4-7", 0, "5000");
  });
  EXPECT_EQ(host.kinds, 1U);
  EXPECT_EQ(placed(host, wanting(4)).vcpus, from_to(0, 3));
}

TEST(Hybrid, AHostOfOneKindHasNoEfficiencyCores) {
  PlacementRequest request;
  request.kinds = {CoreKind::efficiency};
  EXPECT_EQ(refusal(synthetic(example_host), request),
            "this host has no efficiency cores: it has one kind of core only");
  request.kinds = {CoreKind::performance};
  EXPECT_EQ(placed(synthetic(example_host), request).vcpus.size(), 16U);
}

} // namespace
