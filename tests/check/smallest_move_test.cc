/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/guest_cores.h"
#include "check/mends.h"
#include "check/service_pins.h"
#include "check/smallest_move.h"
#include "found.h"

#include "../plan/hosts.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>

using namespace qemu_pin;

namespace {

bool vcpus_are_right(const Topology &topology, const GuestDescription &guest) {
  const Judgement judgement = judge(topology, guest);
  return !judgement.is_spread && std::ranges::none_of(judgement.faults, [](const Fault &fault) {
    return fault.part == Part::vcpus || fault.part == Part::topology;
  });
}

bool is_clean(const Topology &topology, const GuestDescription &guest) {
  const Judgement judgement = judge(topology, guest);
  return judgement.faults.empty() && !judgement.is_spread;
}

unsigned changed(const GuestDescription &before, const GuestDescription &after) {
  unsigned count = 0;
  for (const auto &[vcpu, cpus] : after.vcpus) {
    const auto pin = before.vcpus.find(vcpu);
    count += pin == before.vcpus.end() || pin->second != cpus;
  }
  return count;
}

CpuSet all_cpus(const GuestDescription &guest) {
  CpuSet all;
  for (const auto &[vcpu, cpus] : guest.vcpus)
    all.merge(cpus);
  return all;
}

/* Tries every other CPU of so many of the vCPUs from this one on. */
class EverySmallerChange {
public:
  EverySmallerChange(const Topology &topology, const GuestDescription &guest, const CpuSet &cpus,
                     bool services_stay)
      : topology_(topology), guest_(guest), cpus_(cpus), services_stay_(services_stay) {}

  bool mends(unsigned changes) {
    tried_ = guest_;
    return mends(changes, 0);
  }
  const GuestDescription &found() const { return tried_; }

private:
  bool mends(unsigned changes, unsigned vcpu) {
    if (!changes || vcpu == guest_.topology.cpus)
      return !changes && is_right();
    if (mends(changes, vcpu + 1))
      return true;
    const auto before = tried_.vcpus.find(vcpu);
    const std::optional<CpuSet> pin =
        before == tried_.vcpus.end() ? std::nullopt : std::optional(before->second);
    for (unsigned cpu : cpus_) {
      tried_.vcpus[vcpu] = {cpu};
      if ((!pin || *pin != tried_.vcpus[vcpu]) && mends(changes - 1, vcpu + 1))
        return true;
    }
    if (pin)
      tried_.vcpus[vcpu] = *pin;
    else
      tried_.vcpus.erase(vcpu);
    return false;
  }

  bool is_right() {
    for (unsigned threads : {1U, 2U}) {
      if (tried_.topology.cpus % threads ||
          (guest_.topology.threads > 1 && threads != guest_.topology.threads))
        continue;
      GuestDescription guest = tried_;
      /* One vCPU a core stays so. */
      if (threads == 1 && GuestCores(topology_, guest_).one_per_core() &&
          !GuestCores(topology_, guest).one_per_core())
        continue;
      guest.topology = with_threads(guest_.topology, threads);
      /* The emulator's new pin must not take room that would have been the vCPUs'. */
      GuestDescription bare = guest;
      guest = with_services_mended(topology_, guest);
      if (bare.emulator != guest.emulator)
        bare.emulator.reset();
      if (vcpus_are_right(topology_, bare) &&
          (!services_stay_ || guest.emulator == guest_.emulator) && is_clean(topology_, guest)) {
        tried_ = guest;
        return true;
      }
    }
    return false;
  }

  const Topology &topology_;
  const GuestDescription &guest_;
  const CpuSet cpus_;
  const bool services_stay_;
  GuestDescription tried_;
};

TEST(SmallestMove, NoSmallerChangeOfPinsWouldDo) {
  const std::vector<Topology> hosts = {
      synthetic(example_host), synthetic("pack:2 [numa] l3:1 core:2 pu:2"),
      synthetic("l3:2 core:4 pu:1"), synthetic("core:4 pu:2"), synthetic("l3:4 core:2 pu:2")};
  std::mt19937 random(20261129); // NOLINT(*-msc51-cpp): the same each time
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  std::map<Way, unsigned> ways;
  for (int round = 0; round < 1000 && !HasFailure(); ++round) {
    const Topology &topology = hosts[below(static_cast<unsigned>(hosts.size()))];
    const auto cpus = static_cast<unsigned>(topology.cpus().size());
    const unsigned threads = 1 + below(2), vcpus = threads * (1 + below(threads == 1 ? 3 : 2));
    /* Mostly of a few CPUs near to each other, as people choose them. */
    const unsigned first = below(cpus), span = below(3) ? vcpus + 1 : cpus;
    std::vector<unsigned> pins;
    for (unsigned vcpu = 0; vcpu < vcpus; ++vcpu)
      pins.push_back((first + below(span)) % cpus);
    if (!below(4)) { /* whole cores, in an order by chance */
      pins.clear();
      for (const Core &core : topology.cores)
        if (core.cpus.size() == 2 && pins.size() < vcpus)
          pins.insert(pins.end(), core.cpus.begin(), core.cpus.end());
      pins.resize(vcpus);
      std::ranges::shuffle(pins, random);
    }
    GuestDescription guest = pinned(pins, threads);
    if (!below(4))
      guest.vcpus.erase(below(vcpus));
    if (below(3))
      guest.emulator = CpuSet{below(cpus)};
    if (!below(5) && topology.nodes.size() > 1)
      guest.memory = {{{}, {below(2)}, true}};
    const Judgement before = judge(topology, guest);
    if (before.is_spread)
      continue;
    const Mend mend = mend_for(topology, guest, before.faults);
    std::string said = "round " + std::to_string(round) + ": threads " + std::to_string(threads);
    for (const auto &[vcpu, pin] : guest.vcpus)
      said += " " + std::to_string(vcpu) + ":" + cpu_list(pin) + "->" +
              cpu_list(mend.guest.vcpus.at(vcpu));
    SCOPED_TRACE(said + " host of " + std::to_string(cpus));
    std::string left;
    for (const Fault &fault : judge(topology, mend.guest).faults)
      left += fault.kind + ": " + fault.message + "\n";
    EXPECT_TRUE(is_clean(topology, mend.guest)) << left;
    if (!guest.vcpus.empty())
      ++ways[mend.way];
    const unsigned changes = changed(guest, mend.guest);
    /* To permute comes before to move fewer. Other threads a core, where the guest has siblings,
     * are for hosts that have none. */
    const CpuSet may_have = mend.way == Way::permuted ? all_cpus(guest) : topology.cpus();
    if (threads > 1 && mend.guest.topology.threads != threads)
      continue;
    const bool services_stay = mend.guest.emulator == guest.emulator;
    EverySmallerChange every(topology, guest, may_have, services_stay);
    for (unsigned fewer = 0; fewer < changes; ++fewer)
      if (every.mends(fewer)) {
        std::string better;
        for (const auto &[vcpu, pin] : every.found().vcpus)
          better += " " + std::to_string(vcpu) + ":" + cpu_list(pin);
        ADD_FAILURE() << fewer << " changes would do, not " << changes << ":" << better;
        break;
      }
  }
  EXPECT_GT(ways[Way::permuted], 20U);
  EXPECT_GT(ways[Way::moved], 200U);
  EXPECT_EQ(ways[Way::anew], 0U);
}

TEST(SmallestMove, AnotherOrderOfTheSameCpusIsPreferred) {
  const GuestDescription guest = pinned({1, 2, 9, 10}, 2);
  const Mend mend = mend_for(synthetic(example_host), guest, {});
  EXPECT_EQ(mend.way, Way::permuted);
  EXPECT_EQ(all_cpus(mend.guest), all_cpus(guest));
}

TEST(SmallestMove, MovedVcpusStayOnTheL3OfTheOthers) {
  GuestDescription guest = pinned({6, 14, 7, 3}, 2);
  guest.emulator = CpuSet{0, 8};
  const Mend mend = mend_for(synthetic(example_host), guest, {});
  EXPECT_EQ(mend.way, Way::moved);
  EXPECT_EQ(mend.guest.vcpus.at(2), CpuSet{7});
  EXPECT_EQ(mend.guest.vcpus.at(3), CpuSet{15});
}

TEST(SmallestMove, ThePinsThatAreRightStayWhenOneIsMissing) {
  GuestDescription guest = pinned({7, 15, 5, 13, 6, 14}, 2);
  guest.vcpus.erase(3);
  guest.emulator = CpuSet{1, 9};
  const Mend mend = mend_for(synthetic(example_host), guest, {});
  EXPECT_EQ(changed(guest, mend.guest), 1U);
  EXPECT_EQ(mend.guest.vcpus.at(3), CpuSet{13});
  EXPECT_EQ(mend.guest.emulator, guest.emulator);
}

TEST(SmallestMove, GuestsOnIsolatedCpusStayOnThem) {
  Topology topology = synthetic("pack:1 l3:1 core:8 pu:2(indexes=2*8:8*1)");
  topology.isolated = {4, 5, 6, 7, 12, 13, 14, 15};
  GuestDescription guest = pinned({4, 12, 5, 3}, 2);
  guest.emulator = CpuSet{0};
  EXPECT_EQ(mend_for(topology, guest, {}).guest.vcpus.at(3), CpuSet{13});
  /* One without a pin goes there, and is placed by plan. */
  guest.vcpus.clear();
  const Mend mend = mend_for(topology, guest, {});
  EXPECT_EQ(mend.way, Way::anew);
  EXPECT_TRUE(topology.isolated.contains_all(all_cpus(mend.guest)));
}

TEST(SmallestMove, UnpinnedGuestsStayWithinTheCpusThatTheyAreStartedOn) {
  GuestDescription guest = pinned({0, 0, 0, 0}, 2);
  guest.vcpus.clear();
  guest.start_set = CpuSet{5, 6, 7, 13, 14, 15};
  const Mend mend = mend_for(synthetic(example_host), guest, {});
  EXPECT_TRUE(guest.start_set->contains_all(all_cpus(mend.guest)));
  ASSERT_TRUE(mend.guest.emulator);
  EXPECT_TRUE(guest.start_set->contains_all(*mend.guest.emulator));
}

TEST(SmallestMove, LargeGuestsAreMendedToo) {
  const Topology topology = synthetic("pack:4 [numa] l3:8 core:16 pu:2(indexes=2*512:512*1)");
  std::vector<unsigned> pins;
  for (unsigned vcpu = 0; vcpu < 512; ++vcpu)
    pins.push_back(vcpu % 2 ? vcpu / 2 + 1 : vcpu / 2);
  GuestDescription guest = pinned(pins, 2);
  const Mend mend = mend_for(topology, guest, judge(topology, guest).faults);
  EXPECT_TRUE(is_clean(topology, mend.guest));
  EXPECT_LE(changed(guest, mend.guest), 256U);
}

} // namespace
