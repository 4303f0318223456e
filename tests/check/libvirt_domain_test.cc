/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/guest_description.h"

#include <gtest/gtest.h>

using namespace qemu_pin;

namespace {

using Words = std::vector<std::string>;

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
  EXPECT_EQ(guest.vcpus, (std::map<unsigned, CpuSet>{{1, {7}}}));
  EXPECT_EQ(guest.start_set, (CpuSet{4, 5}));
  const GuestDescription numad = domain("<vcpu placement='auto' cpuset='4-5'>2</vcpu>");
  EXPECT_EQ(numad.start_set, std::nullopt);
  EXPECT_EQ(numad.notes.size(), 1U);
}

TEST(LibvirtDomain, VcpusThatAreNotPresentAreAbsent) {
  EXPECT_EQ(domain("<vcpu>4</vcpu>").absent, CpuSet());
  EXPECT_EQ(domain("<vcpu current='2'>4</vcpu>").absent, (CpuSet{2, 3}));
  EXPECT_EQ(domain("<vcpu current='2'>4</vcpu><vcpus><vcpu id='0' enabled='yes'/><vcpu id='2' "
                   "enabled='yes' hotpluggable='yes'/><vcpu id='1' enabled='no'/></vcpus>")
                .absent,
            (CpuSet{1, 3}));
  EXPECT_EQ(domain("<vcpu>2</vcpu><vcpus><vcpu id='0' enabled='no'/><vcpu id='1' enabled='yes'/>"
                   "</vcpus>")
                .errors,
            Words{"<vcpus>: vCPU 0 must be enabled"});
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

TEST(LibvirtDomain, DiesAndClustersArePartsOfSockets) {
  const GuestTopology topology =
      domain("<vcpu>16</vcpu><cpu><topology sockets='1' dies='2' clusters='2' cores='2' "
             "threads='2'/></cpu>")
          .topology;
  EXPECT_EQ(topology, (GuestTopology{16, 4, 2, 2}));
}

TEST(LibvirtDomain, WhatCannotBeReadIsNamed) {
  const auto errors = [](const std::string &elements) { return domain(elements).errors; };
  const auto pin = [&](const std::string &attributes) {
    return errors("<vcpu>4</vcpu><cputune><vcpupin " + attributes + "/></cputune>");
  };
  EXPECT_EQ(pin("vcpu='0' cpuset='z'"),
            Words{"<vcpupin vcpu='0' cpuset='z'>: 'z' is not a number, a range or ^number"});
  EXPECT_EQ(
      pin("vcpu='0' cpuset='1–3'"),
      Words{"<vcpupin vcpu='0' cpuset='1\\xe2\\x80\\x933'>: '1–3' is not a number, a range or "
            "^number"});
  EXPECT_EQ(pin("vcpu='0'"), Words{"<vcpupin vcpu='0'>: cpuset is missing"});
  EXPECT_EQ(pin("cpuset='0'"), Words{"<vcpupin cpuset='0'>: vcpu is missing"});
  EXPECT_EQ(pin("vcpu='x' cpuset='0'"),
            Words{"<vcpupin vcpu='x' cpuset='0'>: vcpu is not a number"});
  EXPECT_EQ(pin("vcpu='3 ' cpuset='0'"),
            Words{"<vcpupin vcpu='3 ' cpuset='0'>: vcpu is not a number to libvirt, which takes no "
                  "blank after one"});
  EXPECT_EQ(errors("<vcpu>2</vcpu><cputune><vcpupin vcpu='1' cpuset='4'/><vcpupin vcpu='1' "
                   "cpuset='5'/></cputune>"),
            Words{"<vcpupin vcpu='1' cpuset='5'>: vCPU 1 is pinned already (to host CPU 4), and "
                  "libvirt refuses the second pin"});
  EXPECT_EQ(errors("<vcpu>3</vcpu><cpu><topology sockets='1' cores='2' threads='1'/></cpu>"),
            Words{"<topology sockets='1' cores='2' threads='1'>: this does not make 3 vCPUs"});
  for (const char *count : {"0", "4097", "999999999", "4294967297", "99999999999999999999", "-1"})
    EXPECT_EQ(
        errors(std::string("<vcpu>") + count + "</vcpu>"),
        Words{std::string("<vcpu>") + count + "</vcpu>: this is not a number from 1 to 4096"});
}

TEST(LibvirtDomain, NothingFollowsFromWhatCannotBeRead) {
  const auto unread = [](const std::string &elements) { return domain(elements).unread; };
  EXPECT_TRUE(unread("<vcpu>x</vcpu>").topology);
  EXPECT_TRUE(
      unread("<vcpu>3</vcpu><cpu><topology sockets='1' cores='2' threads='1'/></cpu>").siblings);
  const Unread pins = unread("<vcpu>4</vcpu><cputune><vcpupin vcpu='2' cpuset='x'/><emulatorpin "
                             "cpuset='x'/><iothreadpin iothread='x' cpuset='1'/></cputune>");
  EXPECT_EQ(pins.vcpus, CpuSet{2});
  EXPECT_TRUE(pins.emulator);
  EXPECT_TRUE(pins.iothreads);
  EXPECT_FALSE(pins.any_vcpu);
  EXPECT_TRUE(unread("<cputune><vcpupin vcpu='x' cpuset='1'/></cputune>").any_vcpu);
}

TEST(LibvirtDomain, WhatLibvirtIgnoresIsSaid) {
  const auto notes = [](const std::string &elements) { return domain(elements).notes; };
  EXPECT_EQ(notes("<cputune><vcpuPin vcpu='0' cpuset='1'/><shares>2048</shares></cputune>"),
            Words{"libvirt ignores <vcpuPin> in <cputune>"});
  EXPECT_EQ(notes("<vcpupin vcpu='0' cpuset='1'/>"),
            Words{"libvirt ignores <vcpupin> outside of <cputune>"});
  EXPECT_EQ(notes("<cpu><topology sockets='1' cores='1' threads='1' modules='1'/></cpu>"),
            Words{"libvirt ignores modules= in <topology>"});
}

} // namespace
