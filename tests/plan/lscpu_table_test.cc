/*
 * The tables of lscpu that people paste.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "plan/lscpu_table.h"

#include "harness/temp_dir.h"
#include "placed.h"
#include "plan/placement.h"

#include <gtest/gtest.h>

namespace {

using qemu_pin::cpu_list;
using qemu_pin::CpuSet;
using qemu_pin::read_lscpu_table;
using qemu_pin::Topology;

Topology read(const std::string &text) {
  auto topology = read_lscpu_table(text);
  if (!topology) {
    ADD_FAILURE() << topology.error().message;
    return {};
  }
  return *topology;
}

std::string refusal(const std::string &text) {
  auto topology = read_lscpu_table(text);
  return topology ? "read" : topology.error().message;
}

/* The cores of each L3, as "0,2/1,3". */
std::string cores_of(const Topology &topology) {
  std::string text;
  for (std::size_t i = 0; i < topology.cores.size(); ++i) {
    const bool is_same = i && topology.cores[i].domain == topology.cores[i - 1].domain;
    text += i == 0 ? "" : is_same ? " " : " | ";
    text += cpu_list({topology.cores[i].cpus.begin(), topology.cores[i].cpus.end()});
  }
  return text;
}

/* Two packages of two cores with two threads; the second is a node of its own. */
const char *const server = R"(CPU NODE SOCKET CORE L1d:L1i:L2:L3 ONLINE    MAXMHZ   MINMHZ
  0    0      0    0 0:0:0:0          yes 3200.0000 800.0000
  1    1      1    2 2:2:2:1          yes 3200.0000 800.0000
  2    0      0    1 1:1:1:0          yes 3200.0000 800.0000
  3    1      1    3 3:3:3:1          yes 3200.0000 800.0000
  4    0      0    0 0:0:0:0          yes 3200.0000 800.0000
  5    1      1    2 2:2:2:1          yes 3200.0000 800.0000
  6    0      0    1 1:1:1:0          yes 3200.0000 800.0000
  7    1      1    3 3:3:3:1          yes 3200.0000 800.0000
)";

void is_the_server(const Topology &host) {
  EXPECT_EQ(cores_of(host), "0,4 2,6 | 1,5 3,7");
  EXPECT_EQ(host.kinds, 1U);
  EXPECT_TRUE(host.has_l3);
  ASSERT_EQ(host.nodes.size(), 2U);
  EXPECT_EQ(cpu_list(host.nodes[1].cpus), "1,3,5,7");
  EXPECT_TRUE(host.has_memory(1));
  EXPECT_EQ(host.domains[1].package, 1U);
}

TEST(Table, IsAHost) {
  is_the_server(read(server));
}

TEST(Table, MayBePastedWithItsPromptAndWindowsNewlines) {
  std::string text = "```\n$ lscpu -e\n" + std::string(server) + "```\n\n";
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2)
    text.insert(at, "\r");
  is_the_server(read(text));
}

TEST(Table, OfLscpuPIsTheSameHost) {
  const std::string rows = "0,0,0,0,,0,0,0,0\n1,2,1,1,,2,2,2,1\n2,1,0,0,,1,1,1,0\n"
                           "3,3,1,1,,3,3,3,1\n4,0,0,0,,0,0,0,0\n5,2,1,1,,2,2,2,1\n"
                           "6,1,0,0,,1,1,1,0\n7,3,1,1,,3,3,3,1\n";
  is_the_server(read("# The following is the parsable format, which can be fed to other\n"
                     "# programs.\n# CPU,Core,Socket,Node,,L1d,L1i,L2,L3\n" +
                     rows));
  is_the_server(read(rows));
}

TEST(Table, MayHaveItsColumnsInAnyOrderAndOthersBeside) {
  is_the_server(read(R"(ONLINE SOCKET L3 CORE POLARIZATION CPU NODE MODELNAME
yes 0 0 0 - 0 0 Some CPU at 3 GHz
yes 1 1 2 - 1 1 Some CPU at 3 GHz
yes 0 0 1 - 2 0 Some CPU at 3 GHz
yes 1 1 3 - 3 1 Some CPU at 3 GHz
yes 0 0 0 - 4 0 Some CPU at 3 GHz
yes 1 1 2 - 5 1 Some CPU at 3 GHz
yes 0 0 1 - 6 0 Some CPU at 3 GHz
yes 1 1 3 - 7 1 Some CPU at 3 GHz
)"));
}

TEST(Table, OfOneColumnHasACoreForEachCpu) {
  const Topology host = read("CPU\n0\n1\n2\n");
  EXPECT_EQ(cores_of(host), "0 1 2");
  EXPECT_FALSE(host.has_l3);
}

TEST(Table, NumbersCoresWithinASocketWhenAskedForPhysicalNumbers) {
  EXPECT_EQ(cores_of(read("CPU SOCKET CORE\n0 0 0\n1 0 1\n2 1 0\n3 1 1\n")), "0 1 | 2 3");
}

TEST(Table, TellsWhichCpusAreOffline) {
  const Topology host = read(R"(CPU NODE SOCKET CORE L1d:L1i:L2:L3 ONLINE
0 0 0 0 0:0:0:0 yes
1 0 0 1 1:1:1:0 yes
2 - - - :::     no
3 - - - -       no
)");
  EXPECT_EQ(cpu_list(host.cpus()), "0-1");
  EXPECT_EQ(cpu_list(host.offline), "2-3");
  /* lscpu -p -a has no such column. */
  EXPECT_EQ(cpu_list(read("# CPU,Core,Socket\n0,0,0\n1,,\n").offline), "1");
}

TEST(Table, TellsKindsOfCoreByTheirTopFrequency) {
  EXPECT_EQ(kinds_of(read("CPU CORE L3 MAXMHZ\n0 0 0 5100.0\n1 0 0 5100.0\n2 1 1 3300.0\n3 1 1 "
                          "3300.0\n")),
            "0-1/2-3");
}

TEST(Table, TakesFavouredCoresForNoOtherKind) {
  EXPECT_EQ(kinds_of(read("CPU CORE L3 MAXMHZ\n0 0 0 5500\n1 1 0 5800\n2 2 0 5500\n")), "0-2");
}

/* Within 15% of the others, but four of them share an L2. */
TEST(Table, TellsEfficiencyCoresByTheirSharedL2) {
  const Topology host = read(R"(CPU CORE L1d:L1i:L2:L3 MAXMHZ
0 0 0:0:0:0 5400
1 1 1:1:1:0 5300
2 2 8:8:2:0 4600
3 3 9:9:2:0 4600
4 4 10:10:2:0 4600
5 5 11:11:2:0 4600
)");
  EXPECT_EQ(kinds_of(host), "0-1/2-5");
  EXPECT_TRUE(host.core_of(2)->cluster);
  EXPECT_FALSE(host.core_of(0)->cluster);
}

TEST(Table, GivesCoresWithoutAnL3ADomainOfTheirOwn) {
  const Topology host = read("CPU CORE L2:L3 MAXMHZ\n0 0 0:0 4800\n1 1 1:0 3800\n2 2 2:- 2500\n");
  EXPECT_EQ(cores_of(host), "0 1 | 2");
  EXPECT_FALSE(host.domains[1].has_l3);
}

TEST(Table, PlansAsAHostDoes) {
  qemu_pin::PlacementRequest request;
  request.vcpus = 4;
  request.nodes = {1};
  const auto placement = place(read(server), request);
  ASSERT_TRUE(placement) << placement.error().message;
  EXPECT_EQ(placement->vcpus, (std::vector<unsigned>{1, 5, 3, 7}));
}

TEST(Table, ThatIsDamagedIsRefusedWithItsLine) {
  const std::string header = "CPU NODE CORE ONLINE MAXMHZ\n0 0 0 yes 3000\n";
  EXPECT_EQ(refusal(header + "1 0 1 perhaps 3000\n"),
            "line 3: ONLINE 'perhaps': neither yes nor no");
  EXPECT_EQ(refusal(header + "1 0 1 yes\n"), "line 3: it has 4 fields, but the header 5: mark what "
                                             "is missing with -");
  EXPECT_EQ(refusal(header + "1 0 1 yes 3000 2000\n"), "line 3: it has 6 fields, but the header 5");
  EXPECT_EQ(refusal(header + "0 0 0 yes 3000\n"), "line 3: CPU 0 is there a second time");
  EXPECT_EQ(refusal(header + "1 0 x yes 3000\n"), "line 3: CORE 'x': not a number");
  EXPECT_EQ(refusal(header + "1 0 1 yes fast\n"), "line 3: MAXMHZ 'fast': not a number");
  EXPECT_EQ(refusal(header + "9999999 0 1 yes 3000\n"),
            "line 3: CPU '9999999': not a CPU's number");
  EXPECT_EQ(refusal(header + "1x 0 1 yes 3000\n"), "line 3: CPU '1x': not a CPU's number");
  EXPECT_EQ(refusal(header + "a b c d e\n"), "line 3: CPU 'a': not a CPU's number");
  EXPECT_EQ(refusal("CPU L2:L3\n0 0\n"),
            "line 2: L2:L3 '0': as many caches as in the header (2) are expected");
}

TEST(Table, WithoutItsHeaderIsRefused) {
  EXPECT_EQ(refusal("  0    0      0    0 0:0:0:0          yes\n"),
            "line 1: the header of lscpu -e is missing above it (CPU NODE SOCKET CORE ...)");
}

TEST(Table, WithoutCpusIsRefused) {
  EXPECT_EQ(refusal(""), "it has no CPU: give the output of lscpu -e or lscpu -p");
  EXPECT_EQ(refusal("CPU NODE\n"), "it has no CPU: give the output of lscpu -e or lscpu -p");
  EXPECT_EQ(refusal("CPU ONLINE\n0 no\n"), "none of its CPUs is online");
}

TEST(OtherOutput, OfLscpuIsNamedWithTheCommandToRun) {
  EXPECT_EQ(refusal("Architecture:            x86_64\nCPU(s): 16\n"),
            "line 1: this is lscpu's summary, which does not say which CPUs share a core: give the "
            "output of lscpu -e");
  EXPECT_EQ(refusal("{\n   \"lscpu\": [\n"),
            "line 1: this is JSON: give the output of lscpu -e without -J");
  EXPECT_EQ(refusal("Machine (31GB total)\n"),
            "line 1: neither a header nor a CPU of lscpu -e or lscpu -p");
}

TEST(OtherOutput, IsRefusedWithTheFile) {
  const TempDir dir;
  dir.write("cpus.txt", "hello\n");
  qemu_pin::TopologySource source;
  source.lscpu = dir.file("cpus.txt");
  auto topology = qemu_pin::read_topology(source);
  ASSERT_FALSE(topology);
  EXPECT_EQ(topology.error().message,
            source.lscpu + ": line 1: neither a header nor a CPU of lscpu -e or lscpu -p");
  source.device = "03:00.0";
  topology = qemu_pin::read_topology(source);
  ASSERT_FALSE(topology);
  EXPECT_EQ(topology.error().message, "a table of lscpu has no PCI devices: --near needs "
                                      "--topology, --fsroot or this host");
}

} // namespace
