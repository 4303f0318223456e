/*
 * What is read of a host: of captured ones as lstopo shows them, and of this one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "plan/topology.h"

#include "hosts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sched.h>

namespace {

using qemu_pin::cpu_list;
using qemu_pin::CpuSet;
using qemu_pin::read_topology;
using qemu_pin::Topology;
using qemu_pin::TopologySource;

/* What is true of each; counts of cores are by kind. */
struct Fact {
  const char *archive;
  std::vector<std::size_t> cores;
  const char *cpus;
  std::size_t nodes, l3s;
};

std::ostream &operator<<(std::ostream &stream, const Fact &fact) {
  return stream << fact.archive;
}

const Fact facts[] = {
    {"16em64t-4s2c2t", {8}, "0-15", 1, 4},
    {"16em64t-4s2c2t-offlines", {7}, "0-1,3-4,6-12,15", 1, 4},
    {"20em64t-hybrid-1p6c2t+2ca4co1t", {6, 8}, "0-19", 1, 1},
    {"256ppc-8n8s4t", {64}, "0-255", 8, 64},
    {"32amd64-4s2n4c-cgroup2", {6}, "0-5", 2, 2},
    {"40intel64-2g2n4c+pcilocality", {40}, "0-39", 4, 4},
    {"48amd64-4pa2n6c-sparse", {48}, "0-47", 8, 8},
    {"64amd64-4s2n4ca2co", {64}, "0-63", 8, 8},
    {"96em64t-4no4pa3ca2co", {96}, "0-95", 4, 16},
    {"fakecpuid1f-64intel64-2p4d2n2c2t", {32}, "0-63", 16, 8},
    {"nvidia-dgx-gb10", {10, 10}, "0-19", 1, 2},
    /* hwloc knows no node of package 0, whose memory is offline; 0 stands in for it. */
    {"offline-cpu0-node0", {17}, "4-20", 2, 2},
};

TopologySource captured(const CapturedHost &host, const std::string &device = "") {
  return {.file = "", .root = host.root(), .synthetic = "", .device = device};
}

std::string refusal(const TopologySource &source) {
  auto topology = read_topology(source);
  return topology ? "read" : topology.error().message;
}

class Captured : public testing::TestWithParam<Fact> {};

TEST_P(Captured, IsReadAsLstopoShowsIt) {
  const CapturedHost host(GetParam().archive);
  if (!host)
    GTEST_SKIP() << "needs " << host.archive();
  const auto topology = read_topology(captured(host));
  ASSERT_TRUE(topology) << topology.error().message;
  std::vector<std::size_t> cores(topology->kinds);
  for (const qemu_pin::Core &core : topology->cores)
    ++cores.at(core.kind);
  CpuSet nodes, l3s;
  for (const qemu_pin::CacheDomain &domain : topology->domains) {
    nodes.insert(domain.node);
    l3s.insert(domain.l3);
  }
  EXPECT_EQ(cores, GetParam().cores);
  EXPECT_EQ(cpu_list(topology->cpus()), GetParam().cpus);
  EXPECT_EQ(nodes.size(), GetParam().nodes);
  EXPECT_EQ(l3s.size(), GetParam().l3s);
  EXPECT_TRUE(topology->has_l3);
}

/* What packing and placement go by. */
TEST_P(Captured, HasItsCoresInOrder) {
  const CapturedHost host(GetParam().archive);
  if (!host)
    GTEST_SKIP() << "needs " << host.archive();
  const auto topology = read_topology(captured(host));
  ASSERT_TRUE(topology) << topology.error().message;
  EXPECT_TRUE(std::is_sorted(topology->cores.begin(), topology->cores.end(),
                             [](const qemu_pin::Core &a, const qemu_pin::Core &b) {
                               return std::pair(a.domain, a.cpus[0]) <
                                      std::pair(b.domain, b.cpus[0]);
                             }));
  for (const qemu_pin::Core &core : topology->cores) {
    EXPECT_TRUE(std::is_sorted(core.cpus.begin(), core.cpus.end()));
    for (unsigned cpu : core.cpus)
      EXPECT_EQ(topology->core_of(cpu), &core);
  }
}

INSTANTIATE_TEST_SUITE_P(Hosts, Captured, testing::ValuesIn(facts));

TEST(Captured, PerformanceCoresOfAHybridHaveTwoThreads) {
  const CapturedHost host("20em64t-hybrid-1p6c2t+2ca4co1t");
  if (!host)
    GTEST_SKIP() << "needs " << host.archive();
  const auto topology = read_topology(captured(host));
  ASSERT_TRUE(topology) << topology.error().message;
  for (const qemu_pin::Core &core : topology->cores)
    EXPECT_EQ(core.cpus.size(), core.kind == 0 ? 2U : 1U) << "CPU " << core.cpus[0];
}

TEST(Captured, ACoreOfWhichSomeIsOfflineIsNotWhole) {
  const CapturedHost host("16em64t-4s2c2t-offlines");
  if (!host)
    GTEST_SKIP() << "needs " << host.archive();
  const auto topology = read_topology(captured(host));
  ASSERT_TRUE(topology) << topology.error().message;
  EXPECT_FALSE(topology->core_of(2));
  EXPECT_EQ(topology->core_of(0)->cpus, (std::vector<unsigned>{0, 8}));
  EXPECT_TRUE(topology->core_of(0)->whole);
}

class Environment {
public:
  Environment(const char *name, const char *value) : name_(name) { setenv(name, value, 1); }
  Environment(const Environment &) = delete;
  Environment &operator=(const Environment &) = delete;
  ~Environment() { unsetenv(name_); }

private:
  const char *name_;
};

TEST(Device, IsNearTheNodeThatTheHostSays) {
  const CapturedHost host("40intel64-2g2n4c+pcilocality");
  if (!host)
    GTEST_SKIP() << "needs " << host.archive();
  const Environment locality("HWLOC_PCI_LOCALITY", "0000:40-ff 0x00000022,0x22222222");
  const auto topology = read_topology(captured(host, "43:00.0"));
  ASSERT_TRUE(topology) << topology.error().message;
  EXPECT_TRUE(topology->device_placed);
  for (const qemu_pin::CacheDomain &domain : topology->domains)
    EXPECT_EQ(domain.device_distance, domain.node == 1 ? 0U : 3U) << "node " << domain.node;
}

/* A host's XML with a device below its second L3, as hwloc has devices. */
std::string with_device(const std::string &xml) {
  const std::size_t second = xml.find("type=\"L3Cache\"", xml.find("type=\"L3Cache\"") + 1);
  const std::size_t line = xml.rfind('\n', second) + 1;
  const std::string indent = xml.substr(line, xml.find('<', line) - line);
  const std::string device =
      "<object type=\"Bridge\" gp_index=\"901\" bridge_type=\"0-1\" depth=\"0\" "
      "bridge_pci=\"0000:[00-ff]\"><object type=\"PCIDev\" gp_index=\"902\" "
      "pci_busid=\"0000:03:00.0\" pci_type=\"0300 [10de:1b80] [10de:1b80] a1\" "
      "pci_link_speed=\"0.000000\"/></object>\n";
  return std::string(xml).insert(xml.find("\n" + indent + "</object>", second) + 1, device);
}

TEST(Device, IsNearTheL3ThatTheHostSays) {
  const auto host = read_topology(
      {.file = "", .root = "", .synthetic = "pack:2 [numa] l3:2 core:2 pu:1", .device = ""}, true);
  ASSERT_TRUE(host) << host.error().message;
  const TempDir dir;
  dir.write("host.xml", with_device(host->xml));
  const auto topology = read_topology(
      {.file = dir.path() + "/host.xml", .root = "", .synthetic = "", .device = "0000:03:00.0"});
  ASSERT_TRUE(topology) << topology.error().message;
  std::vector<unsigned> distances;
  for (const qemu_pin::CacheDomain &domain : topology->domains)
    distances.push_back(domain.device_distance);
  EXPECT_EQ(distances, (std::vector<unsigned>{1, 0, 3, 3}));
}

TEST(Device, IsNotPlacedWhereTheHostDoesNotSay) {
  const CapturedHost host("40intel64-2g2n4c+pcilocality");
  if (!host)
    GTEST_SKIP() << "needs " << host.archive();
  const auto topology = read_topology(captured(host, "0000:43:00.0"));
  ASSERT_TRUE(topology) << topology.error().message;
  EXPECT_FALSE(topology->device_placed);
  for (const qemu_pin::CacheDomain &domain : topology->domains)
    EXPECT_EQ(domain.device_distance, 0U);
}

TEST(Device, ThatIsNotThereIsNamed) {
  EXPECT_EQ(refusal({.file = "", .root = "", .synthetic = "core:2 pu:1", .device = "0000:03:00.0"}),
            "synthetic topology 'core:2 pu:1' has no PCI device 0000:03:00.0");
}

TEST(Device, ThatIsNoPciAddressIsRefused) {
  for (const char *address : {"gpu", "03:00", "0000:03:00.0x", "03:00.0 "})
    EXPECT_EQ(refusal({.file = "", .root = "", .synthetic = "core:2 pu:1", .device = address}),
              "'" + std::string(address) + "' is not a PCI address (such as 0000:03:00.0)");
}

TEST(Reading, AFolderThatIsNotThereFails) {
  EXPECT_EQ(refusal({.file = "", .root = "/no/such", .synthetic = "", .device = ""}),
            "/no/such: there is no such folder");
}

TEST(Reading, AFileThatIsNoXmlFails) {
  const TempDir dir;
  dir.write("host.xml", "cores: many\n");
  const std::string file = dir.path() + "/host.xml";
  EXPECT_EQ(refusal({.file = file, .root = "", .synthetic = "", .device = ""}),
            file + ": this is not XML; lstopo HOST.xml writes a host's topology");
}

TEST(Reading, AFileThatIsNotThereFails) {
  EXPECT_EQ(refusal({.file = "/no/such.xml", .root = "", .synthetic = "", .device = ""}),
            "/no/such.xml: No such file or directory");
}

TEST(Reading, ADescriptionOfNothingFails) {
  for (const char *text : {"cores", "core:0 pu:1", "pack:"})
    EXPECT_EQ(refusal({.file = "", .root = "", .synthetic = text, .device = ""}),
              "synthetic topology '" + std::string(text) +
                  "': hwloc cannot read it as a host's topology");
}

TEST(Reading, LeavesTheEnvironmentAsItWas) {
  const CapturedHost host("16em64t-4s2c2t");
  if (!host)
    GTEST_SKIP() << "needs " << host.archive();
  ASSERT_TRUE(read_topology(captured(host)));
  EXPECT_EQ(std::getenv("HWLOC_FSROOT"), nullptr);
  EXPECT_EQ(std::getenv("HWLOC_COMPONENTS"), nullptr);
}

TEST(Reading, AHostWithoutCoresMakesEachCpuOne) {
  const Topology host = synthetic("pack:2 pu:3");
  EXPECT_EQ(host.cores.size(), 6U);
  EXPECT_FALSE(host.has_l3);
}

TEST(Reading, AHostWithoutL3HasADomainForEachPackage) {
  const Topology host = synthetic("pack:2 core:3 pu:2");
  EXPECT_FALSE(host.has_l3);
  EXPECT_EQ(host.domains.size(), 2U);
}

TEST(ThisHost, HasOnlyCpusThatWeMayRunOn) {
  cpu_set_t affinity;
  ASSERT_EQ(sched_getaffinity(0, sizeof affinity, &affinity), 0);
  const auto topology = read_topology({});
  ASSERT_TRUE(topology) << topology.error().message;
  EXPECT_FALSE(topology->cpus().empty());
  for (unsigned cpu : topology->cpus())
    EXPECT_TRUE(CPU_ISSET(cpu, &affinity)) << "CPU " << cpu;
}

} // namespace
