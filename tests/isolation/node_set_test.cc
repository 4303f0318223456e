/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/node_set.h"

#include "vfio_host.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace qemu_pin {

namespace {

class NodeSet : public testing::Test {
protected:
  /* A list, or the error. */
  std::string cpus(const std::string &text) const { return shown(read_cpu_nodes(host_, text)); }
  std::string nodes(const std::string &text) const { return shown(read_memory_nodes(host_, text)); }
  std::string any(const std::string &text) const { return shown(read_cpus_or_nodes(host_, text)); }

  static std::string shown(const Result<CpuSet> &set) {
    return set ? cpu_list(*set) : "error: " + set.error().message;
  }

  VfioHost folder_;
  Host host_ = folder_.host();
};

TEST_F(NodeSet, CpusAreListedOrMasked) {
  const std::pair<const char *, const char *> cases[] = {
      {"C0", "0"},
      {"C0-3,8", "0-3,8"},
      {"C8,0-3,3", "0-3,8"},
      {"C0-6,16-22", "0-6,16-22"},
      {"C0-14:7", "0,7,14"},
      {"C10", "10"},        /* no mask: a number */
      {"C000000ff", "0-7"}, /* as vfio-isolate reads it */
      {"C12345678", "3-6,9-10,12,14,18,20-21,25,28"},
      {"C00000000,0000010f", "0-3,8"},
      {"Cff", "0-7"},           /* as the kernel prints that of 8 CPUs */
      {"C0,0000010f", "0-3,8"}, /* and of 33 to 36 */
      {"CFF", "0-7"},
  };
  for (const auto &[text, list] : cases)
    EXPECT_EQ(cpus(text), list) << text;
}

TEST_F(NodeSet, NodesStandForTheirCpus) {
  EXPECT_EQ(cpus("N0"), "0-7,16-23");
  EXPECT_EQ(cpus("N1"), "8-15,24-31");
  EXPECT_EQ(cpus("N0-1"), "0-31");
  EXPECT_EQ(cpus("N1,2"), "8-15,24-31");
  EXPECT_EQ(cpus("N00000002"), "8-15,24-31");
  EXPECT_EQ(nodes("N0-2"), "0-2");
  EXPECT_EQ(nodes("N00000006"), "1-2");
}

TEST_F(NodeSet, WhatIsWrongIsRefusedAndNamed) {
  const std::pair<const char *, const char *> cases[] = {
      {"", "'' must start with C or N"},
      {"0-3", "'0-3' must start with C or N"},
      {"X3", "'X3' must start with C or N"},
      {"c3", "'c3' must start with C or N"},
      {" C3", "' C3' must start with C or N"},
      {"C", "'C': a set must follow"},
      {"N", "'N': a set must follow"},
      {"C3-1", "'C3-1'"},
      {"C1,,2", "'C1,,2'"},
      {"C1,", "'C1,'"},
      {"C1 ", "'C1 '"},
      {"C-1", "'C-1'"},
      {"Cg", "'g'"},
      {"C0x3", "'0x3'"},
      {"C0000000g", "'0000000g'"},
      {"Cff,1", "'Cff,1'"},
      {"C00000001,1-2", "neither a list nor a mask"},
      {"C00000000", "the set is empty"},
      {"C32", "this host has no CPU 32"},
      {"C0-40", "this host has no CPU 32"},
      {"C2,00000000", "this host has no CPU 33"},
      {"C99999999999", "'99999999999'"},
      {"N3", "this host has no NUMA node 3"},
      {"N2", "'N2': no CPU is in that"},
      {"NC0", "'NC0'"},
  };
  for (const auto &[text, message] : cases) {
    EXPECT_EQ(cpus(text).substr(0, 7), "error: ") << text;
    EXPECT_NE(cpus(text).find(message), std::string::npos) << cpus(text);
  }
}

TEST_F(NodeSet, MemoryNodesAreNoCpus) {
  EXPECT_EQ(nodes("C0"), "error: 'C0' must start with N");
  EXPECT_EQ(nodes("0"), "error: '0' must start with N");
  EXPECT_EQ(nodes(""), "error: '' must start with N");
}

TEST_F(NodeSet, OfflineCpuIsOneOfTheHosts) {
  folder_.write("/sys/devices/system/cpu/online", "0-15");
  EXPECT_EQ(cpus("C30"), "30");
}

TEST_F(NodeSet, PlainListIsTakenWhereNotOnlyVfioIsolateWritesIt) {
  EXPECT_EQ(any("0-3,8"), "0-3,8");
  EXPECT_EQ(any("C0-3,8"), "0-3,8");
  EXPECT_EQ(any("N1"), "8-15,24-31");
  EXPECT_EQ(any("0-7,^2"), "0-1,3-7");
  EXPECT_EQ(any("X").substr(0, 7), "error: ");
}

} // namespace

} // namespace qemu_pin
