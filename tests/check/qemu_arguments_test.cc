/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/guest_description.h"

#include <gtest/gtest.h>

using namespace qemu_pin;

namespace {

using Words = std::vector<std::string>;

/* "cpus=sockets*cores*threads" */
std::string smp_of(const std::string &value) {
  const GuestDescription guest = read_qemu_arguments({"-smp", value});
  if (!guest.errors.empty())
    return guest.errors[0];
  const GuestTopology &topology = guest.topology;
  return std::to_string(topology.cpus) + "=" + std::to_string(topology.sockets) + "*" +
         std::to_string(topology.cores) + "*" + std::to_string(topology.threads);
}

TEST(QemuArguments, SmpIsCompletedAsQemuDoes) {
  EXPECT_EQ(smp_of("8"), "8=1*8*1");
  EXPECT_EQ(smp_of("cpus=8,threads=2"), "8=1*4*2");
  EXPECT_EQ(smp_of("8,sockets=2"), "8=2*4*1");
  EXPECT_EQ(smp_of("8,sockets=1,cores=4,threads=2"), "8=1*4*2");
  EXPECT_EQ(smp_of("8,cores=2,threads=2"), "8=2*2*2");
  EXPECT_EQ(smp_of("sockets=2,cores=2,threads=2"), "8=2*2*2");
  EXPECT_EQ(smp_of("2,maxcpus=8"), "8=1*8*1");
  EXPECT_EQ(smp_of("8,dies=2,cores=2,threads=2"), "8=2*2*2");
  EXPECT_EQ(smp_of("8,dies=2,threads=2"), "8=2*2*2");
}

TEST(QemuArguments, SmpThatCannotBeIsAnError) {
  EXPECT_EQ(smp_of("8,cores=3"),
            "-smp 8,cores=3: 2 sockets of 3 cores with 1 threads are not 8 vCPUs");
  EXPECT_EQ(smp_of("x"), "-smp x: cpus: 'x' is not a number of at least 1");
  EXPECT_EQ(smp_of("8,threads=0"), "-smp 8,threads=0: threads: '0' is not a number of at least 1");
}

TEST(QemuArguments, PinsAreUnionsOfTheirLists) {
  const GuestDescription guest = read_qemu_arguments({"qemu-system-x86_64",
                                                      "-smp",
                                                      "4",
                                                      "-vcpu",
                                                      "0,affinity=1",
                                                      "--vcpu",
                                                      "vcpunum=1,affinity=2-3,,8,affinity=10",
                                                      "-vcpu",
                                                      "affinity=4,vcpunum=2,sched=fifo",
                                                      "-emulatorpin",
                                                      "affinity=0,affinity=8",
                                                      "-object",
                                                      "iothread,id=a",
                                                      "-object",
                                                      R"({"qom-type":"iothread","id":"b"})",
                                                      "-object",
                                                      "memory-backend-ram,id=m",
                                                      "-iothreadpin",
                                                      "a,affinity=9",
                                                      "-display",
                                                      "none"});
  EXPECT_EQ(guest.errors, Words());
  EXPECT_EQ(guest.vcpus, (std::map<unsigned, CpuSet>{{0, {1}}, {1, {2, 3, 8, 10}}, {2, {4}}}));
  EXPECT_EQ(guest.emulator, (CpuSet{0, 8}));
  EXPECT_EQ(guest.iothreads, (Words{"a", "b"}));
  EXPECT_EQ(guest.iothread_pins, (std::map<std::string, CpuSet>{{"a", {9}}}));
}

TEST(QemuArguments, WhatCannotBeReadIsNamed) {
  const auto error = [](const Words &arguments) {
    const GuestDescription guest = read_qemu_arguments(arguments);
    return guest.errors.empty() ? "" : guest.errors[0];
  };
  EXPECT_EQ(error({"-vcpu", "0,affinity=z"}), "-vcpu 0,affinity=z: affinity: 'z' is not a number");
  EXPECT_EQ(error({"-vcpu", "x,affinity=1"}), "-vcpu x,affinity=1: vcpunum: 'x' is not a number");
  EXPECT_EQ(error({"-vcpu", "0"}), "-vcpu 0: affinity is missing");
  EXPECT_EQ(error({"-vcpu", "0,affinity=1", "-vcpu", "0,affinity=2"}),
            "-vcpu 0,affinity=2: vCPU 0 is pinned already (to host CPU 1)");
  EXPECT_EQ(error({"-vcpu"}), "-vcpu: its value is missing");
  EXPECT_EQ(error({"-emulatorpin", "affinity=1", "-emulatorpin", "affinity=1"}),
            "-emulatorpin affinity=1: the emulator is pinned already (to host CPU 1)");
  EXPECT_EQ(error({"-iothreadpin", "a,affinity=1", "-iothreadpin", "a,affinity=1"}),
            "-iothreadpin a,affinity=1: iothread 'a' is pinned already (to host CPU 1)");
  EXPECT_EQ(error({"-object", "{"}), "-object {: this is not JSON");
  EXPECT_EQ(read_qemu_arguments({"-object", R"({"qom-type": 1, "id": 2})"}).iothreads, Words());
}

TEST(QemuArguments, TheCpuModelTellsOfTopoext) {
  const auto topoext = [](const std::string &model) {
    return read_qemu_arguments({"-cpu", model}).topoext;
  };
  EXPECT_FALSE(topoext("host"));
  EXPECT_TRUE(topoext("host,topoext=on"));
  EXPECT_TRUE(topoext("host,+topoext"));
  EXPECT_TRUE(topoext("EPYC-Milan"));
  EXPECT_FALSE(topoext("EPYC,-topoext"));
  EXPECT_FALSE(topoext("EPYC,topoext=off"));
  EXPECT_FALSE(topoext("max"));
}

} // namespace
