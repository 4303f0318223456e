/*
 * Files that are no sound topology: each is refused with the piece that is wrong, or read as it
 * says; none crashes qemu-pin or takes all memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hosts.h"

#include "plan/topology_in_child.h"
#include "plan/topology_message.h"

#include <gtest/gtest.h>
#include <random>

namespace {

using qemu_pin::read_topology_in_child;
using qemu_pin::Topology;

const std::string sound_host = "pack:2 [numa] l3:2 core:2 pu:2";

std::string sound_xml() {
  auto host =
      read_topology_in_child({.file = "", .root = "", .synthetic = sound_host, .device = ""}, true);
  return host ? host->xml : host.error().message;
}

/* What reading a file with this text says after the file's name; "" when it can be read. */
std::string xml_refusal(const std::string &text) {
  const TempDir dir;
  dir.write("host.xml", text);
  const std::string file = dir.path() + "/host.xml";
  const auto host =
      read_topology_in_child({.file = file, .root = "", .synthetic = "", .device = ""});
  if (host)
    return "";
  EXPECT_TRUE(host.error().message.starts_with(file + ": ")) << host.error().message;
  return host.error().message.substr(file.size() + 2);
}

/* The sound host with something of it, which must be there, put otherwise. */
std::string sound_xml_with(const std::string &piece, const std::string &other) {
  std::string xml = sound_xml();
  const std::size_t at = xml.find(piece);
  if (at == std::string::npos)
    throw std::runtime_error(piece + " is missing in " + xml);
  return xml.replace(at, piece.size(), other);
}

const std::string damage_words = "hwloc cannot read this topology: it is damaged ";

TEST(DamagedTopology, ASoundOneIsRead) {
  EXPECT_EQ(xml_refusal(sound_xml()), "");
}

TEST(DamagedTopology, AnObjectWithoutCompleteCpusetIsNamed) {
  EXPECT_EQ(xml_refusal(sound_xml_with(" complete_cpuset=\"0x000000ff\"", "")),
            damage_words + "(Package 0 has no complete_cpuset)");
}

/* hwloc mends some sets by others, so that the message may be about another object. */
TEST(DamagedTopology, ObjectsWithOtherCpusThanThoseInThemAreRefused) {
  const std::string core = "<object type=\"Core\" os_index=\"0\" cpuset=\"";
  for (const char *cpus : {"0x00000001", "99999999", "0xf...f", "0x0", "", "-1", "0-1"})
    EXPECT_TRUE(
        xml_refusal(sound_xml_with(core + "0x00000003", core + cpus)).starts_with(damage_words))
        << cpus;
}

TEST(DamagedTopology, ACpuThatIsAnotherIsNamed) {
  EXPECT_EQ(xml_refusal(sound_xml_with("<object type=\"PU\" os_index=\"1\"",
                                       "<object type=\"PU\" os_index=\"9\"")),
            damage_words + "(PU 9 has CPUs 1, but the objects in it have 9)");
}

TEST(DamagedTopology, OneThatIsCutOffIsRefused) {
  const std::string xml = sound_xml();
  for (std::size_t size = 0; size < xml.size(); size += xml.size() / 40)
    EXPECT_NE(xml_refusal(xml.substr(0, size)), "") << "after " << size << " bytes";
}

/* What hwloc makes of it is its own; it must be a topology that is one, or a message. */
TEST(DamagedTopology, OneWithAnyBytesChangedIsReadOrRefused) {
  const std::string xml = sound_xml();
  std::mt19937 random(17);
  const auto below = [&](std::size_t end) { return random() % end; };
  const std::vector<std::string> pieces = {
      "\"", "0xf...f", "-1", "<", "/>", "18446744073709551616", "PU", "NUMANode", "Core", "0x"};
  for (int run = 0; run < 300; ++run) {
    std::string changed = xml;
    for (std::size_t change = below(4) + 1; change > 0; --change)
      switch (below(3)) {
      case 0:
        changed[below(changed.size())] = static_cast<char>(below(256));
        break;
      case 1:
        changed.erase(below(changed.size() - 60), below(60));
        break;
      default:
        changed.insert(below(changed.size()), pieces[below(pieces.size())]);
        break;
      }
    const std::string message = xml_refusal(changed);
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST(DamagedTopology, AFileWithoutEndIsRefused) {
  const auto host =
      read_topology_in_child({.file = "/dev/zero", .root = "", .synthetic = "", .device = ""});
  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().message,
            "/dev/zero: this is larger than 16 MiB, the most that qemu-pin reads");
}

TEST(DamagedTopology, MoreCpusThanLinuxCanHaveAreRefused) {
  for (const char *text : {"pu:8193", "pack:2 core:100000 pu:2", "core:9999999999 pu:2"}) {
    const auto host =
        read_topology_in_child({.file = "", .root = "", .synthetic = text, .device = ""});
    ASSERT_FALSE(host) << text;
    EXPECT_FALSE(host.error().message.empty());
  }
}

TEST(DamagedTopology, ADescriptionThatHwlocTakesMinutesForIsRefused) {
  const auto host =
      read_topology_in_child({.file = "", .root = "", .synthetic = "core:8192 pu:1", .device = ""});
  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().message, "synthetic topology 'core:8192 pu:1': hwloc cannot read this "
                                  "topology: it takes more than 700 ms");
}

TEST(TopologyMessage, HasAllThatATopologyHas) {
  for (const char *text : {"pack:2 [numa] l3:2 core:2 pu:2", "pu:1", example_host}) {
    Topology host = synthetic(text);
    host.isolated = {1, 3};
    host.offline = {70};
    host.not_allowed = {71, 72};
    host.nodes = {{4, {0}, 1U << 30, true, "HBM"}, {5, {}, 0, false, ""}};
    host.cores[0].cluster = 7;
    host.xml = "<x/>";
    const std::string message = qemu_pin::to_message(host);
    const auto same = qemu_pin::topology_from_message(message);
    ASSERT_TRUE(same) << same.error().message;
    EXPECT_EQ(qemu_pin::to_message(*same), message);
    EXPECT_EQ(same->cpus(), host.cpus());
    EXPECT_EQ(same->isolated, host.isolated);
    EXPECT_EQ(same->nodes[0].bytes, 1U << 30);
    EXPECT_EQ(same->nodes[0].kind, "HBM");
    EXPECT_EQ(same->cores[0].cluster, 7U);
    EXPECT_EQ(same->xml, "<x/>");
  }
}

TEST(TopologyMessage, ThatIsCutOffIsRefused) {
  const std::string message = qemu_pin::to_message(synthetic(example_host));
  for (std::size_t size = 0; size < message.size(); size += 7)
    EXPECT_FALSE(qemu_pin::topology_from_message(message.substr(0, size)));
  EXPECT_FALSE(qemu_pin::topology_from_message(message + "x"));
}

} // namespace
