/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/pin_sets.h"

#include "found.h"

#include <gtest/gtest.h>
#include <random>

using namespace qemu_pin;

namespace {

const std::string emulator_pin = " -emulatorpin affinity=0,affinity=8";

GuestDescription with_sets(const std::vector<CpuSet> &sets) {
  GuestDescription guest = pinned(std::vector<unsigned>(sets.size()), 1);
  for (unsigned vcpu = 0; vcpu < sets.size(); ++vcpu)
    guest.vcpus[vcpu] = sets[vcpu];
  return guest;
}

TEST(PinSets, VcpusThatShareTheirOnlyCpu) {
  EXPECT_EQ(found("-smp 2 -vcpu 0,affinity=1 -vcpu 1,affinity=1" + emulator_pin),
            (Words{"shared-cpu: 2 vCPUs have only 1 host CPU (overcommitted): vCPUs 0-1 on CPU 1; "
                   "two busy vCPUs on one CPU run at half speed each",
                   "-vcpu vcpunum=1,affinity=2"}));
}

TEST(PinSets, MoreVcpusThanTheirSetsHaveCpus) {
  const PinSets sets(with_sets({{4}, {4, 5}, {4, 5}, {6, 7}, {6, 7}, {7, 8}}));
  ASSERT_EQ(sets.crowds().size(), 1U);
  EXPECT_EQ(sets.crowds()[0].vcpus, (CpuSet{0, 1, 2}));
  EXPECT_EQ(sets.crowds()[0].cpus, (CpuSet{4, 5}));
  EXPECT_EQ(sets.overlap().vcpus, (CpuSet{3, 4, 5}));
  EXPECT_EQ(sets.overlap().cpus, CpuSet{7});
}

TEST(PinSets, VcpusThatBothHaveAWholeCoreNeedNotTakeTurns) {
  EXPECT_EQ(found("-smp 2,threads=2 -vcpu 0,affinity=1,affinity=9 -vcpu 1,affinity=1,affinity=9" +
                  emulator_pin),
            Words());
}

TEST(PinSets, SetsThatOverlapOthersPins) {
  EXPECT_EQ(found("-smp 2 -vcpu 0,affinity=1-2 -vcpu 1,affinity=2" + emulator_pin),
            (Words{"shared-cpu: the pins of vCPUs 0-1 differ but overlap on CPU 2: the kernel may "
                   "put two busy vCPUs on one CPU, where they run at half speed each",
                   "-vcpu vcpunum=0,affinity=1"}));
}

/* Every group of vCPUs has as many CPUs as it is vCPUs, or is crowded. */
TEST(PinSets, CrowdsAreWhereHallsConditionFails) {
  std::mt19937 random(7); // NOLINT(*-msc51-cpp): the same each time
  for (int round = 0; round < 500; ++round) {
    std::vector<CpuSet> all(6);
    for (CpuSet &set : all)
      do
        set.insert(static_cast<unsigned>(random() % 7));
      while (random() % 2);
    bool fails = false;
    for (unsigned group = 1; group < 64; ++group) {
      CpuSet cpus;
      unsigned vcpus = 0;
      for (unsigned vcpu = 0; vcpu < 6; ++vcpu)
        if (group >> vcpu & 1U) {
          cpus.merge(all[vcpu]);
          ++vcpus;
        }
      fails = fails || cpus.size() < vcpus;
    }
    const PinSets sets(with_sets(all));
    EXPECT_EQ(!sets.crowds().empty(), fails) << "round " << round;
    for (const VcpuGroup &crowd : sets.crowds())
      EXPECT_LT(crowd.cpus.size(), crowd.vcpus.size()) << "round " << round;
  }
}

} // namespace
