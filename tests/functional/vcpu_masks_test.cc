/*
 * Which host CPUs the kernel lets a running machine's threads use.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "pinning_test.h"

#include <set>
#include <thread>

using namespace std::chrono_literals;
using qemu_pin::Procfs;

TEST_P(VcpuThreads, MasksAreExactlyAsAsked) {
  auto guest = started(pinned({{0, b}, {1, a}}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(masks(*guest), (Masks{{0, b}, {1, a}}));
  EXPECT_TRUE(guest->wait_reported(2)) << guest->errors();
  EXPECT_EQ(masks(*guest), (Masks{{0, b}, {1, a}}));
}

TEST_P(VcpuThreads, AVcpuThatIsNotNamedKeepsTheMaskQemuWasStartedWith) {
  GuestSpec spec = pinned({{1, b}, {3, a}});
  spec.smp = "4";
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  EXPECT_EQ(masks(*guest), (Masks{{0, start}, {1, b}, {2, start}, {3, a}}));
}

TEST_P(VcpuThreads, APinMayReachBeyondTheMaskQemuWasStartedWith) {
  GuestSpec spec = pinned({{1, b}});
  spec.smp = "3";
  spec.affinity = {usable[0]};
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  EXPECT_EQ(masks(*guest), (Masks{{0, a}, {1, b}, {2, a}}));
  EXPECT_EQ(strays(*guest, a), std::vector<std::string>{});
}

TEST_P(VcpuThreads, EachOf64VcpusHasItsOwnMask) {
  Pins pins;
  Masks expected;
  for (unsigned vcpu = 0; vcpu < 64; ++vcpu) {
    pins.emplace_back(vcpu, vcpu % 2 ? b : a);
    expected[vcpu] = vcpu % 2 ? b : a;
  }
  GuestSpec spec = pinned(pins);
  spec.smp = "64";
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  EXPECT_EQ(masks(*guest), expected);
  EXPECT_TRUE(guest->wait_reported(64)) << guest->reported();
  EXPECT_EQ(masks(*guest), expected);
}

TEST_P(VcpuPinning, ASetMayBeWrittenInEachOfItsWays) {
  for (const std::string &list :
       {both, a + ",affinity=" + b, a + ",," + b, b + ",," + a, a + ",," + a + ",affinity=" + b,
        both + ",,^" + a + ",affinity=" + a}) {
    GuestSpec spec = pinned({{0, list}, {1, list}});
    spec.affinity = {usable[0]};
    auto guest = started(spec);
    ASSERT_TRUE(guest) << list;
    EXPECT_EQ(masks(*guest), (Masks{{0, both}, {1, both}})) << list;
  }
}

TEST_P(VcpuPinning, ASetNarrowsAndWidensTheMaskQemuWasStartedWith) {
  GuestSpec spec = pinned({{0, both}, {1, both}});
  spec.affinity = {usable[1]};
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  EXPECT_EQ(masks(*guest), (Masks{{0, both}, {1, both}}));
}

TEST_P(VcpuPinning, TheVcpunumMayBeNamedAndComeLast) {
  auto guest =
      started(spec({"-vcpu", "affinity=" + b + ",vcpunum=0", "-vcpu", "vcpunum=1,affinity=" + b}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(masks(*guest), (Masks{{0, b}, {1, b}}));
}

TEST_P(VcpuPinning, WithoutPinsEveryThreadHasTheMaskQemuWasStartedWith) {
  auto guest = started(spec());
  ASSERT_TRUE(guest);
  EXPECT_TRUE(guest->wait_reported(2));
  EXPECT_EQ(masks(*guest), (Masks{{0, start}, {1, start}}));
  EXPECT_EQ(strays(*guest, start), std::vector<std::string>{});

  GuestSpec narrow = spec();
  narrow.affinity = {usable[1]};
  guest = started(narrow);
  ASSERT_TRUE(guest);
  EXPECT_EQ(masks(*guest), (Masks{{0, b}, {1, b}}));
  EXPECT_EQ(strays(*guest, b), std::vector<std::string>{});
}

TEST_P(VcpuPinning, ThreadsThatAreNoVcpusKeepTheMaskQemuWasStartedWith) {
  GuestSpec spec = pinned({{0, b}, {1, b}});
  spec.more.insert(spec.more.end(), {"-object", "iothread,id=io0"});
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  EXPECT_TRUE(guest->wait_reported(2));
  EXPECT_EQ(strays(*guest, start), std::vector<std::string>{});
}

/* Both vCPUs spin on one CPU while the other is idle: a scheduler that was free
 * to would part them at once. */
TEST_P(VcpuPinning, ABusyVcpuNeverRunsOutsideItsMask) {
  auto guest = started(pinned({{0, b}, {1, b}}));
  ASSERT_TRUE(guest);
  ASSERT_TRUE(guest->wait_reported(2));
  auto threads = guest->vcpu_threads();
  ASSERT_TRUE(threads);
  std::set<unsigned> processors;
  for (int sample = 0; sample < 200; ++sample) {
    for (const auto &[vcpu, thread] : *threads) {
      auto stat = Procfs().stat(guest->pid(), thread);
      ASSERT_TRUE(stat && *stat);
      processors.insert((*stat)->processor);
    }
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(processors, std::set<unsigned>{usable[1]});
}

TEST_P(VcpuPinning, AVcpuThatIsNotThereYetMayBePinned) {
  GuestSpec spec = pinned({{3, b}});
  spec.smp = "2,maxcpus=4";
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  EXPECT_EQ(masks(*guest).size(), 2U);
}

TEST_P(VcpuThreads, AVcpuThatIsPluggedInLaterGetsItsPin) {
  GuestSpec spec = pinned({{3, b}});
  spec.smp = "2,maxcpus=4";
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  EXPECT_EQ(masks(*guest), (Masks{{0, start}, {1, start}}));
  const auto plugged = plug_all_vcpus(guest->monitor());
  ASSERT_TRUE(plugged) << plugged.error().message;
  EXPECT_EQ(masks(*guest), (Masks{{0, start}, {1, start}, {2, start}, {3, b}}));
}

TEST_P(VcpuPinning, AResetKeepsTheMasks) {
  auto guest = started(pinned({{0, b}, {1, b}}));
  ASSERT_TRUE(guest);
  ASSERT_TRUE(guest->wait_reported(2));
  auto reset = guest->monitor().execute("system_reset");
  ASSERT_TRUE(reset) << reset.error().message;
  EXPECT_TRUE(guest->wait_reported(4)) << guest->reported();
  EXPECT_EQ(masks(*guest), (Masks{{0, b}, {1, b}}));
}

TEST_P(SharedThread, OnePinIsEveryVcpus) {
  for (unsigned vcpu : {0U, 1U}) {
    auto guest = started(pinned({{vcpu, b}}));
    ASSERT_TRUE(guest);
    EXPECT_EQ(masks(*guest), (Masks{{0, b}, {1, b}})) << "pinned: vCPU " << vcpu;
    auto threads = guest->vcpu_threads();
    ASSERT_TRUE(threads);
    EXPECT_EQ((*threads)[0], (*threads)[1]);
  }
}

TEST_P(SharedThread, ThePinOfAVcpuThatIsNotThereYetCounts) {
  GuestSpec spec = pinned({{3, b}});
  spec.smp = "2,maxcpus=4";
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  EXPECT_EQ(masks(*guest), (Masks{{0, b}, {1, b}}));
}

TEST_P(SharedThread, All64VcpusMayHaveTheSameMask) {
  Pins pins;
  Masks expected;
  for (unsigned vcpu = 0; vcpu < 64; ++vcpu) {
    pins.emplace_back(vcpu, b);
    expected[vcpu] = b;
  }
  GuestSpec spec = pinned(pins);
  spec.smp = "64";
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  EXPECT_EQ(masks(*guest), expected);
}
