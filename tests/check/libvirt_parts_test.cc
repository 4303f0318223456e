/*
 * Parts of a domain beside its pins: what is around it, its memory, its <qemu:commandline>.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "check/guest_description.h"

#include <gtest/gtest.h>

using namespace qemu_pin;

namespace {

using Words = std::vector<std::string>;

GuestDescription read(const std::string &xml) {
  auto guest = read_libvirt_domain(xml);
  if (guest)
    return *guest;
  ADD_FAILURE() << guest.error().message;
  return {};
}

std::string error(const std::string &xml) {
  auto guest = read_libvirt_domain(xml);
  return guest ? "" : guest.error().message;
}

/* "0-1:0! 2-3:1", vCPUs and nodes; "!" where no other node may give memory. */
std::string memory(const GuestDescription &guest) {
  std::string all;
  for (const GuestMemory &one : guest.memory)
    all += (all.empty() ? "" : " ") + (one.vcpus.empty() ? "all" : cpu_list(one.vcpus)) + ":" +
           cpu_list(one.host_nodes) + (one.strict ? "!" : "");
  return all;
}

TEST(DomainXml, MayBeInsideOfWhatLibvirtWritesAround) {
  const std::string domain = "<domain><vcpu>3</vcpu></domain>";
  for (const std::string &xml :
       {domain, "<?xml version='1.0'?><!-- x -->" + domain, "\xef\xbb\xbf" + domain,
        "<domstatus state='running'>" + domain + "</domstatus>",
        "<domainsnapshot><name>s</name>" + domain + "</domainsnapshot>",
        "<domaincheckpoint>" + domain + "</domaincheckpoint>",
        std::string("<d:domain xmlns:d='x'><vcpu>3</vcpu></d:domain>")})
    EXPECT_EQ(read(xml).topology.cpus, 3U) << xml;
  std::string utf16 = "\xff\xfe";
  for (const char c : domain)
    utf16 += {c, '\0'};
  EXPECT_EQ(read(utf16).topology.cpus, 3U);
}

TEST(DomainXml, APartIsReadAsADomain) {
  const GuestDescription tune =
      read("<cputune><vcpupin vcpu='0' cpuset='1'/><vcpupin vcpu='3' cpuset='2'/><emulatorpin "
           "cpuset='0'/><iothreadpin iothread='2' cpuset='0'/></cputune>");
  EXPECT_EQ(tune.errors, Words());
  EXPECT_EQ(tune.topology.cpus, 4U);
  EXPECT_EQ(tune.vcpus, (std::map<unsigned, CpuSet>{{0, {1}}, {3, {2}}}));
  EXPECT_EQ(tune.iothreads, Words{"2"});
  EXPECT_TRUE(tune.unread.siblings);
  EXPECT_TRUE(tune.unread.cpu_model);
  EXPECT_EQ(tune.notes, Words{"there is no <vcpu>: the guest is taken to have 4 vCPUs"});
  const GuestDescription plan = read(
      "<vcpu placement='static'>2</vcpu>\n<cputune>\n<vcpupin vcpu='0' cpuset='1'/>\n</cputune>\n"
      "<cpu><topology sockets='1' dies='1' cores='1' threads='2'/></cpu>");
  EXPECT_EQ(plan.topology, (GuestTopology{2, 1, 1, 2}));
  EXPECT_FALSE(plan.unread.siblings);
  EXPECT_EQ(plan.notes, Words());
  EXPECT_EQ(read("<vcpupin vcpu='0' cpuset='1'/><vcpupin vcpu='1' cpuset='2'/>").vcpus.size(), 2U);
  EXPECT_EQ(read("<cpu><topology sockets='1' cores='3' threads='2'/></cpu>").topology.cpus, 6U);
  EXPECT_TRUE(read("<cputune><vcpupin vcpu='4294967295' cpuset='1'/></cputune>").unread.topology);
}

TEST(DomainXml, WhatIsNoDomainIsNamed) {
  EXPECT_EQ(error(""), "this is empty, not a <domain> of libvirt's");
  EXPECT_EQ(error("<network/>"), "this is XML, <network>, not a <domain> of libvirt's");
  EXPECT_EQ(error("<?xml version='1.0'?>\n<!DOCTYPE topology SYSTEM 'hwloc2.dtd'>\n<topology/>"),
            "this is a host's topology (XML of lstopo's), not a <domain> of libvirt's");
  EXPECT_EQ(error("<topology version='2.0'/>"),
            "this is a host's topology (XML of lstopo's), not a <domain> of libvirt's");
  EXPECT_EQ(error("{\"qemu-pin-plan\": 1}"),
            "this is a plan of qemu-pin's (JSON), not a <domain> of libvirt's");
  EXPECT_EQ(error("CPU NODE SOCKET CORE\n0 0 0 0\n"),
            "this is a table of lscpu's, not a <domain> of libvirt's");
  EXPECT_EQ(error("Machine (31GB total)\n  Package L#0\n"),
            "this is text of lstopo's, not a <domain> of libvirt's");
  EXPECT_EQ(error("cores: 4\nmemory: 2048\n"),
            "this is a guest's configuration of Proxmox VE's, not a <domain> of libvirt's");
  EXPECT_EQ(error("qemu-system-x86_64 -smp 4"),
            "this is a command line, not a <domain> of libvirt's");
  EXPECT_TRUE(error("<domain>").starts_with("this is not XML: ")) << error("<domain>");
}

TEST(DomainXml, HostileTextIsRefusedOrReadInNoTime) {
  EXPECT_EQ(error("<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><domain>&x;</domain>"),
            "this XML has a DOCTYPE, which no domain of libvirt's has: its entities are not read");
  EXPECT_EQ(read("<domain><vcpu>&x;</vcpu></domain>").errors,
            Words{"<vcpu>&x;</vcpu>: this is not a number from 1 to 4096"});
  EXPECT_EQ(error(std::string("<domain>\0</domain>", 18)),
            "this is not text: it has bytes that are zero");
  std::string deep, around;
  for (int i = 0; i < 200000; ++i) {
    deep += "<a>";
    around += "<domains>";
  }
  EXPECT_NE(error(deep), "");
  EXPECT_NE(error(around), "");
  std::string closed = deep;
  for (int i = 0; i < 200000; ++i)
    closed += "</a>";
  EXPECT_EQ(read("<domain><vcpu>2</vcpu>" + closed + "</domain>").topology.cpus, 2U);
}

TEST(LibvirtMemory, IsOfAllOrOfCells) {
  const auto of = [](const std::string &elements) {
    return memory(read("<domain><vcpu>4</vcpu>" + elements + "</domain>"));
  };
  const std::string cells =
      "<cpu><numa><cell id='1' cpus='2-3'/><cell id='0' cpus='0-1'/></numa></cpu>";
  EXPECT_EQ(of(""), "");
  EXPECT_EQ(of("<numatune><memory mode='strict' nodeset='0-1'/></numatune>"), "all:0-1!");
  EXPECT_EQ(of("<numatune><memory nodeset='2'/></numatune>"), "all:2!");
  EXPECT_EQ(of("<numatune><memory mode='restrictive' nodeset='2'/></numatune>"), "all:2!");
  EXPECT_EQ(of("<numatune><memory mode='preferred' nodeset='2'/></numatune>"), "all:2");
  EXPECT_EQ(of("<numatune><memory mode='interleave' nodeset='0,2'/></numatune>"), "all:0,2");
  EXPECT_EQ(of(cells + "<numatune><memory mode='strict' nodeset='1'/></numatune>"), "all:1!");
  EXPECT_EQ(of(cells + "<numatune><memnode cellid='0' mode='strict' nodeset='1'/></numatune>"),
            "0-1:1!");
  EXPECT_EQ(of(cells + "<numatune><memory mode='strict' nodeset='0'/><memnode cellid='1' "
                       "mode='preferred' nodeset='3'/></numatune>"),
            "2-3:3 0-1:0!");
  EXPECT_EQ(of(cells + "<memoryBacking><hugepages><page size='2048' nodeset='1'/></hugepages>"
                       "</memoryBacking>"),
            "");
  EXPECT_EQ(of("<numatune><memory placement='auto'/></numatune>"), "");
}

TEST(LibvirtMemory, CellsAreTheNodesThatTheGuestSees) {
  const auto nodes = [](const std::string &cells) {
    return read("<domain><vcpu>4</vcpu><cpu><numa>" + cells + "</numa></cpu></domain>").numa_nodes;
  };
  EXPECT_EQ(nodes("<cell id='1' cpus='2-3'/><cell id='0' cpus='0-1'/>"),
            (std::vector<CpuSet>{{0, 1}, {2, 3}}));
  EXPECT_EQ(nodes("<cell cpus='0,2'/><cell cpus='1,3'/><cell memory='1'/>"),
            (std::vector<CpuSet>{{0, 2}, {1, 3}}));
  EXPECT_EQ(nodes(""), std::vector<CpuSet>());
}

GuestDescription with_arguments(const std::string &arguments, const std::string &more = "") {
  std::string list;
  for (std::size_t at = 0; at < arguments.size();) {
    const std::size_t end = std::min(arguments.find(' ', at), arguments.size());
    list += "<qemu:arg value='" + arguments.substr(at, end - at) + "'/>";
    at = end + 1;
  }
  return read("<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><vcpu>2</vcpu>"
              "<iothreads>1</iothreads>" +
              more + "<qemu:commandline>" + list + "</qemu:commandline></domain>");
}

TEST(LibvirtCommandline, IsPartOfTheGuest) {
  EXPECT_TRUE(with_arguments("-cpu host,+topoext").topoext);
  EXPECT_EQ(with_arguments("-cpu host,+topoext").cpu_model, "host,+topoext");
  EXPECT_FALSE(
      with_arguments("-cpu host", "<cpu mode='host-passthrough'><feature name='topoext'/></cpu>")
          .topoext);
  const GuestDescription smp = with_arguments("-smp 4,maxcpus=8,sockets=1,cores=4,threads=2");
  EXPECT_EQ(smp.topology, (GuestTopology{8, 1, 4, 2}));
  EXPECT_EQ(smp.absent, (CpuSet{4, 5, 6, 7}));
  EXPECT_EQ(with_arguments("-smp 4").errors.size(), 1U); /* libvirt has said maxcpus=2 */
  EXPECT_EQ(with_arguments("-object iothread,id=disk").iothreads, (Words{"1", "disk"}));
  EXPECT_EQ(with_arguments("-smp x").errors,
            Words{"-smp x: cpus: 'x' is not a number of at least 1"});
}

TEST(LibvirtCommandline, LibvirtsPinsWin) {
  const std::string ours = "-vcpu 0,affinity=4 -vcpu 1,affinity=5 -emulatorpin affinity=6 "
                           "-iothreadpin iothread1,affinity=7";
  const GuestDescription alone = with_arguments(ours);
  EXPECT_EQ(alone.vcpus, (std::map<unsigned, CpuSet>{{0, {4}}, {1, {5}}}));
  EXPECT_EQ(alone.emulator, CpuSet{6});
  EXPECT_EQ(alone.iothread_pins, (std::map<std::string, CpuSet>{{"1", {7}}}));
  EXPECT_EQ(alone.notes, Words());
  const GuestDescription both = with_arguments(
      ours, "<cputune><vcpupin vcpu='1' cpuset='2'/><emulatorpin cpuset='3'/></cputune>");
  EXPECT_EQ(both.vcpus, (std::map<unsigned, CpuSet>{{0, {4}}, {1, {2}}}));
  EXPECT_EQ(both.emulator, CpuSet{3});
  EXPECT_EQ(both.notes, (Words{"<qemu:commandline>: -vcpu has no effect on vCPU 1: libvirt pins it "
                               "later, and libvirt's pin stays",
                               "<qemu:commandline>: -emulatorpin has no effect on the emulator: "
                               "libvirt pins it later, and libvirt's pin stays"}));
}

TEST(LibvirtCommandline, OfNoNamespaceIsIgnoredByLibvirt) {
  const GuestDescription guest =
      read("<domain><qemu:commandline><qemu:arg value='-cpu'/><qemu:arg value='EPYC'/>"
           "</qemu:commandline></domain>");
  EXPECT_FALSE(guest.topoext);
  EXPECT_EQ(guest.notes, Words{"libvirt ignores <qemu:commandline>: <domain> lacks "
                               "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"});
  EXPECT_TRUE(read("<domain xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:commandline>"
                   "<q:arg value='-cpu'/><q:arg value='EPYC'/></q:commandline></domain>")
                  .topoext);
}

TEST(ProxmoxConfig, BecomesQemusOptions) {
  const GuestDescription guest = read_proxmox_config(
      "# pinned\naffinity: 2-5,8\nargs: -vcpu 0,affinity=2 -name 'a b'\ncores: 4\r\n"
      "cpu: host,flags=+topoext;-pcid\nmemory: 4096\nnuma: 1\n"
      "numa0: cpus=0-1,hostnodes=0,memory=2048,policy=bind\n"
      "numa1: cpus=2;3,hostnodes=1,memory=2048,policy=preferred\nvcpus: 3\n\n[snap]\ncores: 8\n");
  EXPECT_EQ(guest.errors, Words());
  EXPECT_EQ(guest.notes, Words());
  EXPECT_EQ(guest.topology, (GuestTopology{4, 1, 4, 1}));
  EXPECT_EQ(guest.absent, CpuSet{3});
  EXPECT_EQ(guest.start_set, (CpuSet{2, 3, 4, 5, 8}));
  EXPECT_EQ(guest.vcpus, (std::map<unsigned, CpuSet>{{0, {2}}}));
  EXPECT_TRUE(guest.topoext);
  EXPECT_EQ(guest.numa_nodes, (std::vector<CpuSet>{{0, 1}, {2, 3}}));
  EXPECT_EQ(memory(guest), "0-1:0! 2-3:1");
  EXPECT_EQ(read_proxmox_config("sockets: 2\ncores: 2\nnuma: 1\n").numa_nodes,
            (std::vector<CpuSet>{{0, 1}, {2, 3}}));
  EXPECT_EQ(read_proxmox_config("cores: x\n").errors,
            Words{"-smp sockets=1,cores=x,threads=1: cores: 'x' is not a number of at least 1"});
}

} // namespace
