/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/guest_description.h"

#include <gtest/gtest.h>

using namespace qemu_pin;

namespace {

GuestDescription domain(const std::string &elements) {
  auto guest = read_libvirt_domain("<domain>" + elements + "</domain>");
  if (guest)
    return *guest;
  ADD_FAILURE() << guest.error().message;
  return {};
}

TEST(LibvirtDomain, PinsTopologyAndModelAreRead) {
  const GuestDescription guest = domain(R"(<vcpu>4</vcpu><iothreads>2</iothreads>
    <cputune><vcpupin vcpu='0' cpuset='1'/><vcpupin vcpu='1' cpuset='0-3,^2'/>
    <emulatorpin cpuset='0,8'/><iothreadpin iothread='2' cpuset='8'/></cputune>
    <cpu mode='host-passthrough'><topology sockets='1' dies='2' cores='1' threads='2'/>
    <feature policy='require' name='topoext'/></cpu>)");
  EXPECT_TRUE(guest.errors.empty());
  EXPECT_EQ(guest.vcpus, (std::map<unsigned, CpuSet>{{0, {1}}, {1, {0, 1, 3}}}));
  EXPECT_EQ(guest.emulator, (CpuSet{0, 8}));
  EXPECT_EQ(guest.iothreads, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(guest.iothread_pins, (std::map<std::string, CpuSet>{{"2", {8}}}));
  EXPECT_EQ(guest.topology.sockets, 2U);
  EXPECT_EQ(guest.topology.cores, 1U);
  EXPECT_EQ(guest.topology.threads, 2U);
  EXPECT_TRUE(guest.topoext);
  EXPECT_EQ(guest.cpu_model, "host-passthrough");
}

TEST(LibvirtDomain, CpusOfAllAreForTheUnpinned) {
  const GuestDescription guest =
      domain("<vcpu cpuset='4-5'>2</vcpu><cputune><vcpupin vcpu='1' cpuset='7'/></cputune>");
  EXPECT_EQ(guest.vcpus, (std::map<unsigned, CpuSet>{{0, {4, 5}}, {1, {7}}}));
  EXPECT_EQ(guest.emulator, (CpuSet{4, 5}));
}

TEST(LibvirtDomain, WithoutATopologyEachVcpuIsASocket) {
  EXPECT_EQ(domain("<vcpu>3</vcpu>").topology.sockets, 3U);
}

TEST(LibvirtDomain, ADisabledTopoextIsNone) {
  EXPECT_FALSE(
      domain("<cpu><model>EPYC</model><feature policy='disable' name='topoext'/></cpu>").topoext);
  EXPECT_TRUE(domain("<cpu><model>EPYC</model></cpu>").topoext);
  EXPECT_TRUE(domain("<cpu mode='maximum'><feature name='topoext'/></cpu>").topoext);
}

TEST(LibvirtDomain, WhatCannotBeReadIsNamed) {
  EXPECT_EQ(domain("<cputune><vcpupin vcpu='0' cpuset='z'/></cputune>").errors,
            (std::vector<std::string>{"<vcpupin cpuset='z'>: 'z' is not a number"}));
  EXPECT_EQ(domain("<vcpu>3</vcpu><cpu><topology sockets='1' cores='2' threads='1'/></cpu>").errors,
            (std::vector<std::string>{
                "<topology>: 1 sockets of 2 cores with 1 threads are not 3 vCPUs"}));
  auto broken = read_libvirt_domain("<domain>");
  ASSERT_FALSE(broken);
  EXPECT_TRUE(broken.error().message.starts_with("this is not XML: ")) << broken.error().message;
  auto other = read_libvirt_domain("<network/>");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message, "this is no <domain> of libvirt's");
}

} // namespace
