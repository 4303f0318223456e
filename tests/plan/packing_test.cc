/*
 * That no placement costs less than the one found: all are tried. Threads of a core
 * are alike, so all is every number of used threads on every core.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "plan/packing.h"

#include "hosts.h"
#include "plan/placement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace {

using qemu_pin::CoreKind;
using qemu_pin::cpu_list;
using qemu_pin::CpuSet;
using qemu_pin::PlacementRequest;
using qemu_pin::Topology;
using Costs = std::vector<std::int64_t>; /* [vCPUs] */

constexpr std::int64_t impossible = std::numeric_limits<std::int64_t>::max();

struct Host {
  const char *name; /* of an archive, or the description */
  Edit edit;
  bool is_captured = false;
};

/* Takes all other CPUs from the host. */
void keep(hwloc_topology_t topology, const std::string &cpus) {
  hwloc_bitmap_t left = hwloc_bitmap_alloc();
  hwloc_bitmap_list_sscanf(left, cpus.c_str());
  hwloc_topology_restrict(topology, left, 0);
  hwloc_bitmap_free(left);
}

std::vector<Host> hosts() {
  return {
      {"core:6 pu:1", nullptr},
      {example_host, nullptr},
      {"pack:1 l3:2 core:2 pu:4", nullptr},
      {"pack:2 [numa] l3:2 core:3 pu:1", nullptr},
      {"pack:2 [numa] l3:1 core:4 pu:2", nullptr},
      {"pack:1 numa:2 l3:2 core:2 pu:2", nullptr},
      {"pack:2 numa:2 l3:1 core:3 pu:1", nullptr},
      {"numa:2 pack:2 l3:1 core:2 pu:2", nullptr},
      {"numa:3 pack:2 core:2 pu:1", nullptr},
      {"pack:1 l3:4 core:3 pu:1", nullptr},
      {"pack:1 l3:2 core:4 pu:1", hybrid(3)},
      {"pack:1 l3:2 core:4 pu:2", hybrid(6)},
      {"pack:2 [numa] l3:2 core:2 pu:2", last_cache_is_large},
      {"pack:2 [numa] l3:1 core:4 pu:2",
       [](hwloc_topology_t topology) {
         last_cache_is_large(topology);
         hybrid(12)(topology);
       }},
      {"pack:1 l3:1 core:12 pu:1", three_kinds},
      {"pack:2 [numa] l3:2 core:2 pu:1", only_first_node_is_empty},
      /* Cores that share an L2. */
      {"pack:1 l3:1 l2:3 core:4 pu:1", nullptr},
      {"pack:1 l3:2 l2:2 core:2 pu:2", nullptr},
      {"pack:2 [numa] l3:1 l2:2 core:3 pu:1", hybrid(6)},
      /* Faster cores that share no L2 beside slower ones that do. */
      {"pack:1 l3:1 l2:6 core:2 pu:1",
       [](hwloc_topology_t topology) {
         keep(topology, "0,2,4,6-11");
         set_kind(topology, "0,2,4", 1, "5000");
         set_kind(topology, "6-11", 0, "3000");
       }},
      /* Cores of two threads and of one. */
      {"pack:2 l3:2 core:2 pu:2",
       [](hwloc_topology_t topology) { keep(topology, "0,2,4-9,11-15"); }},
      /* Nodes of two packages each, where one package has more than any other. */
      {"numa:2 pack:2 core:3 pu:1",
       [](hwloc_topology_t topology) { keep(topology, "0-1,3-4,6-8"); }},
      {"16em64t-4s2c2t-offlines", nullptr, true},
      {"16em64t-4s2c2t", nullptr, true},
      {"32amd64-4s2n4c-cgroup2", nullptr, true},
  };
}

std::ostream &operator<<(std::ostream &stream, const Host &host) {
  return stream << host.name << (host.edit ? ", edited" : "");
}

/* Threads that the guest may have of each core, in Topology::cores' order. */
std::vector<std::vector<unsigned>>
free_threads(const Topology &topology, const PlacementRequest &request, const CpuSet &reserved) {
  std::vector<std::vector<unsigned>> free;
  for (const qemu_pin::Core &core : topology.cores) {
    std::vector<unsigned> cpus;
    for (unsigned cpu : core.cpus)
      if (!reserved.contains(cpu))
        cpus.push_back(cpu);
    const bool is_kind =
        request.kinds.empty() || request.kinds.contains(topology.kind_of(core.kind));
    const unsigned node = topology.domains[core.domain].node;
    if (!is_kind || (!request.nodes.empty() && !request.nodes.contains(node)) ||
        (!request.split_cores && cpus.size() < core.cpus.size()))
      cpus.clear();
    if (request.rules.one_per_core && !cpus.empty())
      cpus.resize(1);
    free.push_back(cpus);
  }
  return free;
}

/* The least cost for each number of vCPUs, by trying all. */
class Trial {
public:
  Trial(const Topology &topology, const PlacementRequest &request, const CpuSet &reserved)
      : topology_(topology), request_(request), reserved_(reserved),
        free_(free_threads(topology, request, reserved)), least_(17, impossible) {
    extend(0, {});
  }

  const Costs &least() const { return least_; }

private:
  void extend(std::size_t core, const CpuSet &guest) {
    if (core == free_.size()) {
      if (!guest.empty()) {
        std::int64_t &least = least_.at(guest.size());
        least = std::min(least, total(cost_terms(topology_, request_.rules, guest, reserved_)));
      }
      return;
    }
    CpuSet more = guest;
    extend(core + 1, more);
    for (unsigned cpu : free_[core]) {
      more.insert(cpu);
      extend(core + 1, more);
    }
  }

  const Topology &topology_;
  const PlacementRequest &request_;
  const CpuSet &reserved_;
  std::vector<std::vector<unsigned>> free_;
  Costs least_;
};

/* Every set of so many cores. */
std::vector<CpuSet> choices(const Topology &topology, std::size_t cores) {
  std::vector<CpuSet> all;
  for (unsigned mask = 0; mask < 1U << topology.cores.size(); ++mask) {
    if (static_cast<std::size_t>(__builtin_popcount(mask)) != cores)
      continue;
    CpuSet cpus;
    for (std::size_t core = 0; core < topology.cores.size(); ++core)
      if (mask >> core & 1)
        cpus.insert(topology.cores[core].cpus.begin(), topology.cores[core].cpus.end());
    all.push_back(cpus);
  }
  return all;
}

class Packing : public testing::TestWithParam<Host> {
protected:
  void SetUp() override {
    const Host &host = GetParam();
    if (host.is_captured) {
      const CapturedHost captured(host.name);
      if (!captured)
        GTEST_SKIP() << "needs " << captured.archive();
      auto topology = qemu_pin::read_topology(
          {.file = "", .root = captured.root(), .synthetic = "", .device = ""});
      ASSERT_TRUE(topology) << topology.error().message;
      topology_ = *topology;
    } else {
      topology_ = host.edit ? edited(host.name, host.edit) : synthetic(host.name);
    }
    ASSERT_LE(topology_.cpus().size(), 16U);
  }

  void is_least(const PlacementRequest &asked, const Costs &least) const {
    for (unsigned vcpus = 1; vcpus < least.size(); ++vcpus) {
      PlacementRequest request = asked;
      request.vcpus = vcpus;
      const auto placement = place(topology_, request);
      ASSERT_EQ(static_cast<bool>(placement), least[vcpus] != impossible)
          << vcpus << " vCPUs: " << (placement ? "" : placement.error().message);
      if (!placement)
        continue;
      EXPECT_EQ(placement->vcpus.size(), vcpus);
      EXPECT_EQ(placement->guest().size(), vcpus);
      EXPECT_EQ(total(placement->cost), least[vcpus])
          << vcpus << " vCPUs on " << cpu_list(placement->guest()) << ", reserved "
          << cpu_list(placement->reserved);
      EXPECT_EQ(total(placement->cost), total(cost_terms(topology_, request.rules,
                                                         placement->guest(), placement->reserved)));
    }
  }

  /* With what is reserved given. */
  void is_least(const PlacementRequest &request) const {
    is_least(request, Trial(topology_, request, request.reserve).least());
  }

  void is_least_of_all_reservations(const PlacementRequest &request) const {
    Costs least(17, impossible);
    for (const CpuSet &reserved : choices(topology_, request.reserve_cores)) {
      const Trial trial(topology_, request, reserved);
      for (std::size_t vcpus = 0; vcpus < least.size(); ++vcpus)
        least[vcpus] = std::min(least[vcpus], trial.least()[vcpus]);
    }
    is_least(request, least);
  }

  Topology topology_;
};

TEST_P(Packing, CostsLeast) {
  is_least({});
}

TEST_P(Packing, CostsLeastWhenSpread) {
  PlacementRequest request;
  request.rules.spread_l3 = true;
  is_least(request);
}

TEST_P(Packing, CostsLeastWithOneVcpuACore) {
  PlacementRequest request;
  request.rules.one_per_core = true;
  is_least(request);
  request.rules.spread_l3 = true;
  is_least(request);
}

TEST_P(Packing, CostsLeastOnLargeCaches) {
  PlacementRequest request;
  request.rules.prefer_big_cache = true;
  is_least(request);
}

TEST_P(Packing, CostsLeastOnAnyKindOfCore) {
  PlacementRequest request;
  request.rules.any_core = true;
  is_least(request);
}

TEST_P(Packing, CostsLeastOnOneKindOfCore) {
  PlacementRequest request;
  request.kinds = {CoreKind::performance};
  is_least(request);
  if (topology_.kinds > 1) {
    request.kinds = {CoreKind::efficiency};
    is_least(request);
  }
}

TEST_P(Packing, CostsLeastNearADevice) {
  PlacementRequest request;
  const auto &last = topology_.domains.back();
  for (auto &domain : topology_.domains)
    domain.device_distance = domain.node == last.node ? 0 : domain.package == last.package ? 1 : 2;
  is_least(request);
}

TEST_P(Packing, CostsLeastBesideReservedCpus) {
  PlacementRequest request;
  const CpuSet cpus = topology_.cpus();
  request.reserve = {*cpus.begin(), *std::next(cpus.begin(), 3)};
  is_least(request);
  request.split_cores = true;
  is_least(request);
}

TEST_P(Packing, CostsLeastWithAReservedCore) {
  for (const char *kinds : {"", "any", "performance"})
    for (bool spread : {false, true}) {
      PlacementRequest request;
      request.reserve_cores = 1;
      request.rules.any_core = std::string_view(kinds) == "any";
      if (std::string_view(kinds) == "performance")
        request.kinds = {CoreKind::performance};
      request.rules.spread_l3 = spread;
      is_least_of_all_reservations(request);
    }
}

TEST_P(Packing, CostsLeastWithAReservedCoreAndOneVcpuACore) {
  PlacementRequest request;
  request.reserve_cores = 1;
  request.rules.one_per_core = true;
  is_least_of_all_reservations(request);
  request.rules.prefer_big_cache = true;
  is_least_of_all_reservations(request);
}

TEST_P(Packing, CostsLeastWithTwoReservedCores) {
  PlacementRequest request;
  request.reserve_cores = 2;
  is_least_of_all_reservations(request);
  request.rules.prefer_big_cache = true;
  is_least_of_all_reservations(request);
}

INSTANTIATE_TEST_SUITE_P(Hosts, Packing, testing::ValuesIn(hosts()));

} // namespace
