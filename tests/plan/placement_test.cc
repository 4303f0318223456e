/*
 * The rules of placement, one test each.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "plan/placement.h"

#include "hosts.h"
#include "placed.h"

#include <gtest/gtest.h>

namespace {

using qemu_pin::CoreKind;
using qemu_pin::cpu_list;
using qemu_pin::CpuSet;
using qemu_pin::Placement;
using qemu_pin::PlacementRequest;
using qemu_pin::Topology;
using Cpus = std::vector<unsigned>;

CpuSet l3s_of(const Topology &topology, const Placement &placement) {
  CpuSet l3s;
  for (unsigned cpu : placement.vcpus)
    l3s.insert(topology.domains[topology.core_of(cpu)->domain].l3);
  return l3s;
}

TEST(Recipe, OneVcpuPerCoreUsesTheFirstThreadOfEach) {
  const Topology host = synthetic(example_host);
  PlacementRequest request;
  request.rules.one_per_core = true;
  const Placement placement = placed(host, request);
  EXPECT_EQ(placement.vcpus, from_to(0, 7));
  EXPECT_EQ(guest_of(host, placement), "1x8x1");
  EXPECT_EQ(cpu_list(placement.idle), "8-15");
  EXPECT_TRUE(placement.left.empty());
}

TEST(Recipe, AllButCore0GivesSiblingsNextToEachOther) {
  const Topology host = synthetic(example_host);
  PlacementRequest request;
  request.reserve_cores = 1;
  const Placement placement = placed(host, request);
  EXPECT_EQ(placement.vcpus, (Cpus{1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15}));
  EXPECT_EQ(guest_of(host, placement), "1x7x2");
  EXPECT_EQ(cpu_list(placement.reserved), "0,8");
}

TEST(Recipe, TenVcpusTakeTheFirstL3AndOneCoreMore) {
  const Topology host = synthetic(example_host);
  const Placement placement = placed(host, wanting(10));
  EXPECT_EQ(placement.vcpus, (Cpus{0, 8, 1, 9, 2, 10, 3, 11, 4, 12}));
  EXPECT_EQ(guest_of(host, placement), "1x5x2");
  EXPECT_EQ(cpu_list(placement.left), "5-7,13-15");
  EXPECT_TRUE(placement.idle.empty());
}

TEST(Recipe, WithoutARequestTheGuestHasTheWholeHost) {
  const Topology host = synthetic(example_host);
  const Placement placement = placed(host, {});
  EXPECT_EQ(placement.vcpus.size(), 16U);
  EXPECT_TRUE(placement.left.empty());
}

TEST(GuestTopology, HasTwoSocketsOnTwoPackagesUsedAlike) {
  const Topology host = synthetic("pack:2 l3:1 core:4 pu:2");
  EXPECT_EQ(guest_of(host, placed(host, {})), "2x4x2");
}

TEST(GuestTopology, HasOneSocketOnPackagesUsedDifferently) {
  const Topology host = synthetic("pack:2 l3:1 core:4 pu:2");
  EXPECT_EQ(guest_of(host, placed(host, wanting(12))), "1x6x2");
}

TEST(GuestTopology, HasFourThreadsACoreOnACpuThatDoes) {
  const Topology host = synthetic("pack:1 l3:1 core:4 pu:4");
  const Placement placement = placed(host, wanting(8));
  EXPECT_EQ(placement.vcpus, from_to(0, 7));
  EXPECT_EQ(guest_of(host, placement), "1x2x4");
}

TEST(GuestTopology, OfACountThatFillsNoCoreHasThreeThreadsOfFour) {
  const Topology host = synthetic("pack:1 l3:1 core:4 pu:4");
  const Placement placement = placed(host, wanting(6));
  EXPECT_EQ(placement.vcpus, (Cpus{0, 1, 2, 4, 5, 6}));
  EXPECT_EQ(guest_of(host, placement), "1x2x3");
  EXPECT_EQ(placement.idle, (CpuSet{3, 7}));
}

TEST(GuestTopology, OfAnOddCountHasNoSiblingsAndLeavesOneThreadIdle) {
  const Topology host = synthetic(example_host);
  const Placement placement = placed(host, wanting(5));
  EXPECT_EQ(placement.vcpus, (Cpus{0, 8, 1, 9, 2}));
  EXPECT_EQ(placement.cores, 3U);
  EXPECT_EQ(placement.idle, CpuSet{10});
  EXPECT_FALSE(placement.mirrored);
  EXPECT_EQ(guest_of(host, placement), "1x5x1");
}

TEST(WholeCores, OfAReservedCpuNothingIsTheGuests) {
  const Topology host = synthetic(example_host);
  PlacementRequest request;
  request.reserve = {0};
  const Placement placement = placed(host, request);
  EXPECT_EQ(cpu_list(placement.guest()), "1-7,9-15");
  EXPECT_EQ(placement.reserved, CpuSet{0});
  EXPECT_EQ(placement.left, CpuSet{8});
}

TEST(WholeCores, MayBeSplitWhenAskedFor) {
  const Topology host = synthetic(example_host);
  PlacementRequest request;
  request.reserve = {0};
  request.split_cores = true;
  const Placement placement = placed(host, request);
  EXPECT_EQ(cpu_list(placement.guest()), "1-15");
  EXPECT_FALSE(placement.mirrored);
  request.vcpus = 14;
  EXPECT_EQ(cpu_list(placed(host, request).guest()), "1-7,9-15");
}

TEST(WholeCores, ThatAreSplitLeaveTheirOtherThreadToAnyone) {
  const Topology host = synthetic(example_host);
  PlacementRequest request = wanting(3);
  request.split_cores = true;
  const Placement placement = placed(host, request);
  EXPECT_EQ(placement.vcpus, (Cpus{0, 8, 1}));
  EXPECT_TRUE(placement.idle.empty());
  EXPECT_TRUE(placement.left.contains(9));
}

TEST(SharedCache, IsOneForAGuestThatFits) {
  const Topology host = synthetic(example_host);
  EXPECT_EQ(l3s_of(host, placed(host, wanting(8))), CpuSet{0});
}

TEST(SharedCache, BesideReservedCpusIsTheOneWithRoomForAll) {
  const Topology host = synthetic(example_host);
  PlacementRequest request = wanting(8);
  request.reserve = {0, 8};
  EXPECT_EQ(l3s_of(host, placed(host, request)), CpuSet{1});
}

TEST(SharedCache, IsSpreadOverWhenAskedFor) {
  const Topology host = synthetic(example_host);
  PlacementRequest request = wanting(8);
  request.rules.spread_l3 = true;
  EXPECT_EQ(placed(host, request).vcpus, (Cpus{0, 8, 1, 9, 4, 12, 5, 13}));
}

TEST(SharedCache, OfTheLargestSizeIsPreferredWhenAskedFor) {
  const Topology host = edited(example_host, last_cache_is_large);
  EXPECT_EQ(placed(host, wanting(4)).vcpus, (Cpus{0, 8, 1, 9}));
  PlacementRequest request = wanting(4);
  request.rules.prefer_big_cache = true;
  EXPECT_EQ(placed(host, request).vcpus, (Cpus{4, 12, 5, 13}));
  request.vcpus = 10;
  EXPECT_EQ(cpu_list(placed(host, request).guest()), "0,4-8,12-15");
}

TEST(NumaNode, IsOneForAGuestThatFits) {
  const Topology host = synthetic("pack:2 [numa] l3:2 core:2 pu:1");
  PlacementRequest request = wanting(4);
  request.reserve = {0};
  EXPECT_EQ(placed(host, request).vcpus, (Cpus{4, 5, 6, 7}));
}

TEST(NumaNode, ThatIsNamedIsTheOnlyOne) {
  const Topology host = synthetic("pack:2 [numa] l3:1 core:4 pu:2");
  PlacementRequest request;
  request.nodes = {1};
  EXPECT_EQ(placed(host, request).vcpus, from_to(8, 15));
}

TEST(NumaNode, ThatIsNotThereIsNamed) {
  const Topology host = synthetic("pack:2 [numa] l3:1 core:4 pu:2");
  PlacementRequest request;
  request.nodes = {1, 5};
  EXPECT_EQ(refusal(host, request), "no usable CPU is on NUMA node 5 (there are some on 0-1)");
}

TEST(Reserving, ACpuThatIsNotThereIsRefused) {
  PlacementRequest request;
  request.reserve = {3, 16};
  EXPECT_EQ(refusal(synthetic(example_host), request),
            "CPU 16 cannot be reserved: it is not among those that may be used (0-15)");
}

TEST(Reserving, EveryCoreIsRefused) {
  PlacementRequest request;
  request.reserve_cores = 8;
  EXPECT_EQ(refusal(synthetic(example_host), request),
            "8 cores cannot be reserved of 8: none is left for the guest");
}

TEST(Reserving, EveryCpuIsRefused) {
  PlacementRequest request;
  request.reserve = {0, 1, 2};
  EXPECT_EQ(refusal(synthetic("core:3 pu:1"), request),
            "no core is free for the guest after reserving 3 of 3");
}

TEST(Reserving, CoresTakesThemFromTheGuestsNode) {
  const Topology host = synthetic("pack:2 [numa] l3:2 core:4 pu:1");
  PlacementRequest request = wanting(4);
  request.reserve_cores = 1;
  const Placement placement = placed(host, request);
  EXPECT_EQ(placement.vcpus, from_to(4, 7));
  EXPECT_EQ(placement.reserved, CpuSet{0});
}

TEST(Reserving, CoresLeavesTheNodeThatTheGuestFillsToIt) {
  const Topology host = synthetic("pack:2 [numa] l3:2 core:4 pu:1");
  PlacementRequest request = wanting(8);
  request.reserve_cores = 1;
  request.nodes = {0};
  const Placement placement = placed(host, request);
  EXPECT_EQ(placement.vcpus, from_to(0, 7));
  EXPECT_EQ(placement.reserved, CpuSet{8});
}

/* Too many choices to try all: a good one is found all the same. */
TEST(Reserving, ManyCoresOfAHostOfManyCachesKeepsTheGuestTogether) {
  const Topology host = synthetic("pack:8 [numa] l3:8 core:2 pu:2");
  PlacementRequest request = wanting(24);
  request.reserve_cores = 4;
  const Placement placement = placed(host, request);
  EXPECT_EQ(placement.reserved.size(), 8U);
  EXPECT_EQ(l3s_of(host, placement).size(), 6U);
  for (const qemu_pin::CostTerm &term : placement.cost)
    if (term.weight == qemu_pin::weight::node_pair ||
        term.weight == qemu_pin::weight::package_pair) {
      EXPECT_EQ(term.count, 0) << term.name;
    }
}

TEST(NoRoom, IsSaidWithWhatWouldFit) {
  PlacementRequest request = wanting(12);
  request.reserve_cores = 2;
  EXPECT_EQ(refusal(synthetic("pack:1 l3:1 core:7 pu:2"), request),
            "12 vCPUs with whole cores need 6 cores; 5 are free after reserving 2 of 7 (at most "
            "10 vCPUs fit, or more with --overcommit)");
}

TEST(NoRoom, ForOneVcpuACoreCountsCores) {
  PlacementRequest request = wanting(9);
  request.rules.one_per_core = true;
  EXPECT_EQ(refusal(synthetic(example_host), request),
            "9 vCPUs with a core each need 9 cores; 8 are free (at most 8 vCPUs fit, or more with "
            "--overcommit)");
}

TEST(NoRoom, OnANodeNamesIt) {
  PlacementRequest request = wanting(5);
  request.nodes = {1};
  EXPECT_EQ(refusal(synthetic("pack:2 [numa] core:4 pu:1"), request),
            "5 vCPUs with whole cores need 5 cores; 4 are free on NUMA node 1 (at most 4 vCPUs "
            "fit, or more with --overcommit)");
}

TEST(NoRoom, OnANodeWithoutCoresOfThatKindIsSaid) {
  PlacementRequest request = wanting(2);
  request.nodes = {1};
  request.reserve = {0};
  request.kinds = {CoreKind::performance};
  EXPECT_EQ(refusal(edited("pack:2 [numa] core:4 pu:1", hybrid(4)), request),
            "no core is free for the guest on NUMA node 1 among the performance cores");
}

/* The cores to reserve may be on the other node, and are when the guest has room so. */
TEST(NoRoom, CountsTheBestChoiceOfReservedCores) {
  const Topology host = synthetic("pack:2 [numa] core:4 pu:1");
  PlacementRequest request = wanting(4);
  request.nodes = {0};
  request.reserve_cores = 1;
  EXPECT_EQ(placed(host, request).vcpus, from_to(0, 3));
  request.vcpus = 5;
  EXPECT_EQ(refusal(host, request),
            "5 vCPUs with whole cores need 5 cores; 4 are free on NUMA node 0 after reserving 0 "
            "of 4 (at most 4 vCPUs fit, or more with --overcommit)");
}

TEST(Overcommit, SharesTheCpusInTurn) {
  const Topology host = synthetic("pack:1 l3:1 core:2 pu:2");
  PlacementRequest request = wanting(5);
  request.overcommit = true;
  const Placement placement = placed(host, request);
  EXPECT_EQ(placement.vcpus, (Cpus{0, 1, 2, 3, 0}));
  EXPECT_TRUE(placement.overcommitted);
  EXPECT_EQ(guest_of(host, placement), "1x5x1");
}

TEST(Overcommit, ChangesNothingWhereThereIsRoom) {
  const Topology host = synthetic(example_host);
  PlacementRequest request = wanting(10);
  request.overcommit = true;
  const Placement placement = placed(host, request);
  EXPECT_FALSE(placement.overcommitted);
  EXPECT_EQ(placement.vcpus, placed(host, wanting(10)).vcpus);
}

TEST(Overcommit, KeepsOffReservedCpus) {
  PlacementRequest request = wanting(20);
  request.overcommit = true;
  request.reserve_cores = 1;
  EXPECT_EQ(cpu_list(placed(synthetic(example_host), request).guest()), "1-7,9-15");
}

/* Each count by hand, so that the search and its proof do not share a mistake. */
TEST(Cost, CountsWhatItsTermsSay) {
  Topology host = edited("pack:2 [numa] l3:2 core:2 pu:2", [](hwloc_topology_t topology) {
    hybrid(12)(topology);
    last_cache_is_large(topology);
  });
  for (auto &domain : host.domains)
    domain.device_distance = domain.package == 0 ? 0 : 2;
  qemu_pin::CostRules rules;
  rules.prefer_big_cache = true;
  /* L3 0: cores 0-1, 2-3; L3 1: 4-5, 6-7; L3 2: 8-9, 10-11; L3 3, slower: 12-15. */
  const auto terms = cost_terms(host, rules, {0, 1, 4, 8, 12, 13}, {2, 10});
  const auto count = [&](std::int64_t weight) {
    for (const auto &term : terms)
      if (term.weight == weight)
        return term.count;
    return std::int64_t{-1};
  };
  EXPECT_EQ(count(qemu_pin::weight::slower_core), 2);
  EXPECT_EQ(terms[2].count, 2); /* cores used in part: those of 4 and 8 */
  EXPECT_EQ(terms[3].count, 1); /* unevenly */
  EXPECT_EQ(count(qemu_pin::weight::smaller_cache), 4);
  EXPECT_EQ(count(qemu_pin::weight::device_step), 6);
  EXPECT_EQ(count(qemu_pin::weight::package_pair), 9);
  EXPECT_EQ(count(qemu_pin::weight::node_pair), 9);
  EXPECT_EQ(count(qemu_pin::weight::l3_pair), 13);  /* 15 pairs but (0,1) and (12,13) */
  EXPECT_EQ(count(qemu_pin::weight::host_step), 3); /* 4, 12, 13: another L3 of the node */
  rules.spread_l3 = true;
  EXPECT_EQ(cost_terms(host, rules, {0, 1, 4, 8, 12, 13}, {})[10].count, 2);
}

} // namespace
