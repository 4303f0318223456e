/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/corrected_options.h"
#include "check/mends.h"

#include <gtest/gtest.h>

using namespace qemu_pin;

namespace {

using Lines = std::vector<std::string>;

Topology topology_of(const std::string &synthetic) {
  TopologySource source;
  source.synthetic = synthetic;
  auto topology = read_topology(source);
  if (topology)
    return *topology;
  ADD_FAILURE() << topology.error().message;
  return {};
}

/* CPUs n and n+8 are siblings; two L3s of four cores. */
const char *const two_l3s = "pack:1 l3:2 core:4 pu:2(indexes=2*8:8*1)";

/* Two vCPUs on the two L3s of the example, and an iothread on a vCPU's CPU. */
GuestDescription guest() {
  GuestDescription guest;
  guest.topology = {2, 1, 2, 1};
  guest.vcpus = {{0, {1}}, {1, {4}}};
  guest.emulator = CpuSet{0, 8};
  guest.iothreads = {"a"};
  guest.iothread_pins["a"] = {4};
  return guest;
}

const Fault misplaced = {Part::vcpus, "l3-crossed", "", ""};
const Fault iothread = {Part::iothread, "iothread-on-vcpu", "", "a"};

TEST(Mends, VcpusStayUnlessAFaultIsInWhereTheyAre) {
  const Mend mend = mend_for(topology_of(two_l3s), guest(), {iothread});
  EXPECT_FALSE(mend.moves_vcpus);
  EXPECT_EQ(mend.failure, "");
  EXPECT_EQ(mend.guest.vcpus, guest().vcpus);
  EXPECT_EQ(mend.guest.topology, guest().topology);
  EXPECT_EQ(mend.guest.iothread_pins.at("a"), (CpuSet{0, 2, 3, 5, 6, 7, 8, 10, 11, 13, 14, 15}));
}

TEST(Mends, AFaultInWhereVcpusAreMovesThem) {
  const Mend mend = mend_for(topology_of(two_l3s), guest(), {misplaced});
  EXPECT_TRUE(mend.moves_vcpus);
  EXPECT_EQ(mend.guest.vcpus, (std::map<unsigned, CpuSet>{{0, {1}}, {1, {2}}}));
  EXPECT_EQ(mend.guest.emulator, CpuSet{0});
  EXPECT_EQ(mend.guest.iothread_pins.at("a"), CpuSet{8});
}

TEST(Mends, WithoutRoomVcpusStayAndTheReasonIsTold) {
  const Mend mend = mend_for(topology_of("core:1 pu:1"), guest(), {misplaced});
  EXPECT_FALSE(mend.moves_vcpus);
  EXPECT_NE(mend.failure, "");
  EXPECT_EQ(mend.guest.vcpus, guest().vcpus);
}

TEST(Mends, WithoutAFreeCoreTheOtherThreadsHaveNoPin) {
  GuestDescription all = guest();
  all.vcpus = {{0, {0}}, {1, {1}}};
  const Mend mend = mend_for(topology_of("core:2 pu:1"), all, {iothread});
  EXPECT_FALSE(mend.guest.emulator);
  EXPECT_TRUE(mend.guest.iothread_pins.empty());
  EXPECT_EQ(corrected_options(all, mend.guest, iothread), Lines());
}

TEST(Mends, OnlyVcpusWhosePinsDifferHaveCorrectedOptions) {
  GuestDescription mended = guest();
  mended.vcpus[1] = {2};
  EXPECT_EQ(corrected_options(guest(), mended, misplaced), Lines{"-vcpu vcpunum=1,affinity=2"});
  EXPECT_EQ(corrected_options(guest(), guest(), misplaced), Lines());
}

} // namespace
