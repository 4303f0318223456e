/*
 * A plan of ours has no findings: check and plan agree on what is right.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "found.h"
#include "plan/formats.h"
#include "plan/roles.h"

#include "../plan/hosts.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace qemu_pin;

namespace {

struct NamedHost {
  std::string name;
  Topology topology;
};

std::vector<NamedHost> described_hosts() {
  std::vector<NamedHost> hosts;
  for (const char *text :
       {example_host, "pack:2 [numa] l3:2 core:4 pu:2", "core:8 pu:1", "pack:2 core:3 pu:4",
        "pack:1 l3:2 core:3 pu:2", "pack:2 numa:2 l3:2 core:2 pu:2", "l3:4 core:3 pu:1"})
    hosts.push_back({text, synthetic(text)});
  hosts.push_back({"hybrid", edited("pack:1 l3:1 core:10 pu:1", hybrid(4))});
  hosts.push_back({"hybrid with siblings", edited("pack:1 l3:2 core:4 pu:2", hybrid(8))});
  hosts.push_back({"one large L3", edited("pack:1 l3:2 core:4 pu:2", last_cache_is_large)});
  return hosts;
}

std::vector<NamedHost> captured_hosts() {
  std::vector<NamedHost> hosts;
  const char *chosen = std::getenv("VCPUPIN_TOPOLOGIES");
  const std::filesystem::path folder = chosen ? chosen : VCPUPIN_TOPOLOGIES;
  if (!std::filesystem::exists(folder))
    return hosts;
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    std::string name = entry.path().filename();
    if (!name.ends_with(".tar.bz2"))
      continue;
    name.resize(name.size() - 8);
    const CapturedHost host(name);
    if (!host)
      continue;
    TopologySource source;
    source.root = host.root();
    if (auto topology = read_topology(source))
      hosts.push_back({name, *topology});
  }
  return hosts;
}

/* Option texts of `plan`, and what they ask for. */
std::vector<std::pair<std::string, PlacementRequest>> requests(const Topology &topology,
                                                               const CpuSet &counts) {
  std::vector<std::pair<std::string, PlacementRequest>> all;
  const auto add = [&](const std::string &name, const PlacementRequest &request) {
    all.emplace_back(name, request);
  };
  PlacementRequest plain;
  add("--all", plain);
  const auto cpus = static_cast<unsigned>(topology.cpus().size());
  for (unsigned vcpus : counts) {
    PlacementRequest request;
    request.vcpus = vcpus;
    const std::string n = " --vcpus " + std::to_string(vcpus);
    add(n, request);
    request.rules.spread_l3 = true;
    add("--l3 spread" + n, request);
    for (unsigned cores : {1U, 2U}) {
      PlacementRequest reserving = request;
      reserving.reserve_cores = cores;
      add("--l3 spread --reserve-cores " + std::to_string(cores) + n, reserving);
      reserving.rules.spread_l3 = false;
      add("--reserve-cores " + std::to_string(cores) + n, reserving);
      reserving.rules.one_per_core = true;
      add("--one-per-core --reserve-cores " + std::to_string(cores) + n, reserving);
      reserving.rules.one_per_core = false;
      reserving.rules.prefer_big_cache = true;
      add("--prefer-cache big --reserve-cores " + std::to_string(cores) + n, reserving);
      reserving.rules.prefer_big_cache = false;
      for (const CoreKind kind : {CoreKind::performance, CoreKind::efficiency}) {
        reserving.kinds = {kind};
        add(fmt::format("--cores {}{}", kind_word(kind), n), reserving);
      }
      reserving.kinds.clear();
      reserving.rules.any_core = true;
      add("--cores any" + n, reserving);
      reserving.rules.any_core = false;
      reserving.split_cores = true;
      add("--split-cores" + n, reserving);
    }
    PlacementRequest reserving;
    reserving.vcpus = vcpus;
    reserving.reserve = {*topology.cpus().begin()};
    reserving.split_cores = true;
    add("--split-cores --reserve FIRST" + n, reserving);
    reserving.split_cores = false;
    reserving.reserve = {topology.cores.back().cpus.begin(), topology.cores.back().cpus.end()};
    add("--reserve LAST-CORE" + n, reserving);
    PlacementRequest far;
    far.vcpus = vcpus;
    far.nodes = {topology.domains.back().node};
    add("--node LAST" + n, far);
  }
  PlacementRequest over;
  over.vcpus = cpus + 3;
  over.overcommit = true;
  add("--overcommit", over);
  return all;
}

unsigned plans_without_findings(const NamedHost &host, const CpuSet &counts) {
  unsigned plans = 0;
  for (const auto &[name, request] : requests(host.topology, counts)) {
    const auto placement = place(host.topology, request);
    if (!placement)
      continue;
    PinPlan plan = plan_for(host.topology, *placement, plans % 3, 0);
    plan.accepted = accepted_by(request, *placement);
    const Findings findings = find_faults(host.topology, described(plan));
    std::string text;
    for (const Finding &finding : findings.list)
      text += finding.kind + ": " + finding.message + "\n";
    EXPECT_EQ(text, "") << host.name << " " << name << "\n" << in_format(plan, Format::qemu);
    ++plans;
    if (testing::Test::HasFailure())
      break;
  }
  return plans;
}

TEST(Plans, HaveNoFindingsOnDescribedHosts) {
  for (const NamedHost &host : described_hosts()) {
    CpuSet counts;
    for (unsigned vcpus = 1; vcpus <= host.topology.cpus().size(); ++vcpus)
      counts.insert(vcpus);
    EXPECT_GT(plans_without_findings(host, counts), 50U) << host.name;
  }
}

TEST(Plans, HaveNoFindingsOnCapturedHosts) {
  const std::vector<NamedHost> hosts = captured_hosts();
  if (hosts.empty())
    GTEST_SKIP() << "no captured hosts in ../shared/topologies";
  for (const NamedHost &host : hosts) {
    const auto cpus = static_cast<unsigned>(host.topology.cpus().size());
    EXPECT_GT(plans_without_findings(host, {3, 8, cpus / 2, cpus - 2}), 5U) << host.name;
  }
}

TEST(Plans, SayWhatTheirOptionsAskFor) {
  const Topology topology = synthetic(example_host);
  PlacementRequest request;
  request.vcpus = 4;
  EXPECT_EQ(accepted_by(request, *place(topology, request)), Words());
  request.rules.spread_l3 = true;
  EXPECT_EQ(accepted_by(request, *place(topology, request)), Words{"l3-crossed"});
}

} // namespace
