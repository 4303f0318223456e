/*
 * What is true of every plan, on hosts and for requests by chance.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hosts.h"
#include "plan/placement.h"
#include "plan/roles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace {

using qemu_pin::CoreKind;
using qemu_pin::cpu_list;
using qemu_pin::CpuSet;
using qemu_pin::Placement;
using qemu_pin::PlacementRequest;
using qemu_pin::Topology;

/* By chance, and the same again from the same seed. */
class Chance {
public:
  explicit Chance(unsigned seed) : numbers_(seed) {}

  unsigned up_to(unsigned most) { return static_cast<unsigned>(numbers_() % (most + 1)); }
  unsigned from_to(unsigned least, unsigned most) { return least + up_to(most - least); }
  bool one_in(unsigned times) { return up_to(times - 1) == 0; }

  CpuSet some_of(const CpuSet &cpus, unsigned one_in_times) {
    CpuSet some;
    for (unsigned cpu : cpus)
      if (one_in(one_in_times))
        some.insert(cpu);
    return some;
  }

private:
  std::mt19937 numbers_;
};

std::string description(Chance &chance) {
  const auto number = [&](unsigned most) { return std::to_string(chance.from_to(1, most)); };
  static const char *const places[] = {"pack:", "pack:1 numa:", "numa:2 pack:"};
  std::string text = places[chance.up_to(2)] + number(3);
  text += chance.one_in(3) ? " [numa]" : "";
  if (text.find("numa:") != std::string::npos && text.find("[numa]") != std::string::npos)
    text.resize(text.size() - 7);
  if (!chance.one_in(5))
    text += " l3:" + number(3);
  static const char *const threads[] = {"1", "2", "2", "4"};
  return text + " core:" + number(5) + " pu:" + threads[chance.up_to(3)];
}

Topology host(Chance &chance, std::string &text) {
  text = description(chance);
  return edited(text, [&](hwloc_topology_t topology) {
    const auto cpus = static_cast<unsigned>(hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU));
    const auto cores = static_cast<unsigned>(hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE));
    if (cores > 1 && chance.one_in(3))
      hybrid(chance.from_to(1, cores - 1) * (cpus / cores))(topology);
    if (chance.one_in(3))
      last_cache_is_large(topology);
    if (chance.one_in(3)) {
      hwloc_bitmap_t left = hwloc_bitmap_alloc();
      hwloc_bitmap_set(left, chance.up_to(cpus - 1));
      for (unsigned cpu = 0; cpu < cpus; ++cpu)
        if (!chance.one_in(4))
          hwloc_bitmap_set(left, cpu);
      hwloc_topology_restrict(topology, left, 0);
      hwloc_bitmap_free(left);
    }
  });
}

PlacementRequest request_for(const Topology &topology, Chance &chance) {
  PlacementRequest request;
  const CpuSet cpus = topology.cpus();
  if (!chance.one_in(4))
    request.vcpus = chance.from_to(1, static_cast<unsigned>(cpus.size()) + 2);
  if (chance.one_in(3))
    request.reserve_cores = chance.up_to(3);
  else if (chance.one_in(2))
    request.reserve = chance.some_of(cpus, 5);
  if (chance.one_in(4))
    for (const auto &domain : topology.domains)
      if (chance.one_in(2))
        request.nodes.insert(domain.node);
  request.split_cores = chance.one_in(4);
  request.overcommit = request.vcpus && chance.one_in(4);
  request.rules.spread_l3 = chance.one_in(4);
  request.rules.prefer_big_cache = chance.one_in(4);
  request.rules.one_per_core = chance.one_in(4);
  request.rules.any_core = chance.one_in(6);
  for (CoreKind kind : {CoreKind::performance, CoreKind::efficiency, CoreKind::low_power})
    if (chance.one_in(6))
      request.kinds.insert(kind);
  return request;
}

/* vCPUs of a guest core are next to each other, and on one core of the host. */
void siblings_are_siblings(const Topology &topology, const Placement &placement) {
  std::set<const qemu_pin::Core *> seen;
  for (std::size_t vcpu = 0; vcpu < placement.vcpus.size(); vcpu += placement.threads) {
    const qemu_pin::Core *core = topology.core_of(placement.vcpus[vcpu]);
    EXPECT_TRUE(seen.insert(core).second) << "vCPU " << vcpu;
    for (std::size_t i = 0; i < placement.threads; ++i)
      EXPECT_EQ(topology.core_of(placement.vcpus.at(vcpu + i)), core) << "vCPU " << vcpu + i;
  }
  EXPECT_EQ(seen.size(), placement.cores);
}

void cores_are_not_shared(const Topology &topology, const Placement &placement) {
  const CpuSet guest = placement.guest();
  for (const qemu_pin::Core &core : topology.cores) {
    const auto any = [&](const CpuSet &cpus) {
      return std::any_of(core.cpus.begin(), core.cpus.end(),
                         [&](unsigned cpu) { return cpus.contains(cpu); });
    };
    EXPECT_FALSE(any(guest) && (any(placement.reserved) || any(placement.left)))
        << "the core of CPU " << core.cpus[0];
  }
}

void each_cpu_has_one_part(const Topology &topology, const Placement &placement) {
  const CpuSet guest = placement.guest();
  std::size_t parts = 0;
  for (const CpuSet *part : {&guest, &placement.reserved, &placement.idle, &placement.left})
    parts += part->size();
  CpuSet all = guest;
  for (const CpuSet *part : {&placement.reserved, &placement.idle, &placement.left})
    all.insert(part->begin(), part->end());
  EXPECT_EQ(all, topology.cpus());
  EXPECT_EQ(parts, all.size());
}

void is_as_asked(const Topology &topology, const PlacementRequest &request,
                 const Placement &placement) {
  if (request.vcpus) {
    EXPECT_EQ(placement.vcpus.size(), *request.vcpus);
  }
  if (!placement.overcommitted) {
    EXPECT_EQ(placement.guest().size(), placement.vcpus.size());
  }
  if (!request.reserve_cores) {
    EXPECT_EQ(placement.reserved, request.reserve);
  }
  std::set<const qemu_pin::Core *> reserved;
  for (unsigned cpu : placement.reserved)
    reserved.insert(topology.core_of(cpu));
  if (request.reserve_cores) {
    EXPECT_EQ(reserved.size(), request.reserve_cores);
  }
  for (unsigned cpu : placement.vcpus) {
    const unsigned node = topology.domains[topology.core_of(cpu)->domain].node;
    EXPECT_TRUE(request.nodes.empty() || request.nodes.contains(node)) << "CPU " << cpu;
  }
}

void guest_topology_fits(const Placement &placement, const qemu_pin::PinPlan &plan) {
  const qemu_pin::GuestTopology &guest = plan.topology;
  EXPECT_EQ(guest.cpus, placement.vcpus.size());
  EXPECT_EQ(guest.sockets * guest.cores * guest.threads, guest.cpus);
  EXPECT_EQ(plan.vcpus.size(), guest.cpus);
}

void host_threads_are_off_the_guest(const Placement &placement, const qemu_pin::PinPlan &plan) {
  std::vector<std::string> lists = {plan.emulator};
  for (const qemu_pin::IothreadPin &iothread : plan.iothreads)
    lists.push_back(iothread.affinity);
  const CpuSet guest = placement.guest();
  for (const std::string &list : lists) {
    EXPECT_EQ(list.empty(), placement.reserved.empty() && placement.left.empty());
    if (list.empty())
      continue;
    const auto cpus = qemu_pin::read_cpu_set(list);
    ASSERT_TRUE(cpus) << list;
    for (unsigned cpu : *cpus) {
      EXPECT_FALSE(guest.contains(cpu)) << "CPU " << cpu;
      EXPECT_TRUE((placement.reserved.empty() ? placement.left : placement.reserved).contains(cpu))
          << "CPU " << cpu;
    }
  }
}

TEST(EveryPlan, KeepsItsPromises) {
  unsigned made = 0, mirrored = 0, overcommitted = 0, refused = 0;
  for (unsigned seed = 1; seed <= 1500 && !HasFailure(); ++seed) {
    Chance chance(seed);
    std::string text;
    const Topology topology = host(chance, text);
    const PlacementRequest request = request_for(topology, chance);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + text + ", CPUs " +
                 cpu_list(topology.cpus()));
    const auto placement = place(topology, request);
    if (!placement) {
      ++refused;
      const std::string &message = placement.error().message;
      EXPECT_FALSE(message.empty());
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
      continue;
    }
    ++made;
    mirrored += placement->mirrored;
    overcommitted += placement->overcommitted;
    const auto plan = plan_for(topology, *placement, chance.up_to(3), 0);
    is_as_asked(topology, request, *placement);
    each_cpu_has_one_part(topology, *placement);
    guest_topology_fits(*placement, plan);
    host_threads_are_off_the_guest(*placement, plan);
    if (placement->mirrored)
      siblings_are_siblings(topology, *placement);
    if (!request.split_cores)
      cores_are_not_shared(topology, *placement);
  }
  /* Chance must have come by each. */
  EXPECT_GT(made, 500U);
  EXPECT_GT(mirrored, 300U);
  EXPECT_GT(overcommitted, 20U);
  EXPECT_GT(refused, 100U);
}

} // namespace
