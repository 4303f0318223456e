/*
 * What is said of a file that is to be a topology and is something else, and which XML is read.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "plan/topology_file.h"

#include "harness/temp_dir.h"
#include "hosts.h"

#include <gtest/gtest.h>

namespace {

using qemu_pin::topology_xml;

struct Other {
  const char *name, *text, *message;
};

std::ostream &operator<<(std::ostream &stream, const Other &other) {
  return stream << other.name;
}

class OtherFile : public testing::TestWithParam<Other> {};

TEST_P(OtherFile, IsCalledWhatItIs) {
  const auto xml = topology_xml(GetParam().text);
  EXPECT_EQ(xml ? "read" : xml.error().message, GetParam().message);
}

const Other others[] = {
    {"empty", " \n", "the file is empty; lstopo HOST.xml writes a host's topology"},
    {"domain", "<!-- a copy -->\n<domain type='kvm'><vcpu>4</vcpu></domain>",
     "this is of a libvirt domain, which qemu-pin check --libvirt reads; lstopo HOST.xml writes a "
     "host's topology"},
    {"fragment", "<cputune>\n<vcpupin vcpu='0' cpuset='1'/>\n</cputune>",
     "this is of a libvirt domain, which qemu-pin check --libvirt reads; lstopo HOST.xml writes a "
     "host's topology"},
    {"other_xml", "<?xml version='1.0'?><html/>",
     "this is XML, but its element is <html>, not <topology>; lstopo HOST.xml writes a host's "
     "topology"},
    {"comment_only", "<?xml version='1.0'?><!-- nothing -->",
     "this XML has no element; lstopo HOST.xml writes a host's topology"},
    {"endless_comment", "<!-- nothing",
     "this XML has no element; lstopo HOST.xml writes a host's topology"},
    {"plan", "{\n  \"qemu-pin-plan\": 1,\n",
     "this is a plan, which plan --read and check --plan read; lstopo HOST.xml writes a host's "
     "topology"},
    {"json", "[1, 2]", "this is JSON, not XML; lstopo HOST.xml writes a host's topology"},
    {"lstopo_text", "Machine (31GB total)\n  Package L#0\n    NUMANode L#0 (P#0 31GB)\n",
     "this is lstopo's text, not its XML; lstopo HOST.xml writes a host's topology"},
    {"lscpu_table", "CPU NODE SOCKET CORE L1d:L1i:L2:L3 ONLINE\n  0    0      0    0 0:0:0:0 yes\n",
     "this is the output of lscpu: --lscpu reads the table of lscpu -e"},
    {"lscpu_lines", "# The following is the parsable format\n# CPU,Core,Socket,Node\n0,0,0,0\n",
     "this is the output of lscpu: --lscpu reads the table of lscpu -e"},
    {"lscpu_summary", "Architecture:            x86_64\nCPU(s): 8\n",
     "this is the output of lscpu: --lscpu reads the table of lscpu -e"},
    {"words", "cores: many\n", "this is not XML; lstopo HOST.xml writes a host's topology"},
    {"cut_off", "<?xml version=\"1.0\"?>\n<topology version=\"2.0\">\n <object type=\"Mach",
     "this topology is cut off: </topology> is missing"},
};

INSTANTIATE_TEST_SUITE_P(Kinds, OtherFile, testing::ValuesIn(others),
                         [](const auto &info) { return info.param.name; });

TEST(TopologyFile, OfHwloc3IsReadAsThatOfHwloc2) {
  const auto described = qemu_pin::read_topology(
      {.file = "", .root = "", .synthetic = "l3:2 core:2 pu:2", .device = ""}, true);
  ASSERT_TRUE(described) << described.error().message;
  std::string xml = described->xml;
  const std::string version = "<topology version=\"2.0\">", end = "</topology>";
  ASSERT_NE(xml.find(version), std::string::npos);
  xml.replace(xml.find(version), version.size(), "<topology version=\"3.0\">");
  /* What hwloc 2 has at the machine, hwloc 3 has behind the objects. */
  xml.insert(xml.find(end), "<info name=\"Backend\" value=\"Linux\"/>\n");
  const TempDir dir;
  dir.write("host.xml", xml);
  const auto topology = qemu_pin::read_topology(
      {.file = dir.file("host.xml"), .root = "", .synthetic = "", .device = ""});
  ASSERT_TRUE(topology) << topology.error().message;
  EXPECT_EQ(topology->cores.size(), 4U);
  EXPECT_EQ(topology->domains.size(), 2U);
}

TEST(TopologyFile, IsNotChangedWhenHwloc2WroteIt) {
  const std::string text =
      "<topology version=\"2.0\"><info value=\"version=&quot;3.\"/></topology>";
  const auto xml = topology_xml(text);
  ASSERT_TRUE(xml);
  EXPECT_EQ(*xml, text);
}

} // namespace
