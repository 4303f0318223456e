/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/temp_dir.h"
#include "kernel/interrupts.h"

#include <gtest/gtest.h>

using namespace qemu_pin;

namespace {

std::vector<Interrupt> table(const std::string &text) {
  auto folder = TempDir::make();
  write_text(folder->file("interrupts"), text);
  auto interrupts = read_interrupts(folder->file("interrupts"));
  if (interrupts)
    return *interrupts;
  ADD_FAILURE() << interrupts.error().message;
  return {};
}

const std::string heading = "           CPU0       CPU2       \n";

TEST(Interrupts, AreReadByTheirCpus) {
  const auto found = table(heading + " 24:          1         20   PCI-MSI 5-edge   vfio-msi[0]\n"
                                     "LOC:        100        200   Local timer interrupts\n"
                                     "ERR:          0\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].label, "24");
  EXPECT_EQ(found[0].name, "PCI-MSI 5-edge vfio-msi[0]");
  EXPECT_EQ(found[0].counts, (std::map<unsigned, std::uint64_t>{{0, 1}, {2, 20}}));
  EXPECT_EQ(found[1].name, "Local timer interrupts");
}

TEST(Interrupts, ThatFiredOnTheCpusAreCounted) {
  const auto before = table(heading + " 24: 1 20 a\n 25: 5 5 b\n");
  const auto after = table(heading + " 24: 9 21 a\n 25: 7 5 b\n 26: 0 3 c\n");
  const auto on_2 = fired(before, after, {2});
  ASSERT_EQ(on_2.size(), 2U);
  EXPECT_EQ(on_2[0].label, "24");
  EXPECT_EQ(on_2[0].counts, (std::map<unsigned, std::uint64_t>{{2, 1}}));
  EXPECT_EQ(on_2[1].label, "26");
  EXPECT_EQ(on_2[1].counts.at(2), 3U);
}

TEST(Interrupts, OfThisHostGrow) {
  auto before = read_interrupts("/proc/interrupts");
  ASSERT_TRUE(before) << before.error().message;
  auto after = read_interrupts("/proc/interrupts");
  ASSERT_TRUE(after);
  EXPECT_EQ(before->size(), after->size());
  EXPECT_FALSE(before->empty());
}

TEST(Interrupts, OtherTextIsRefused) {
  auto folder = TempDir::make();
  const std::string file = folder->file("interrupts");
  EXPECT_FALSE(read_interrupts(file));
  write_text(file, "nothing\n");
  EXPECT_EQ(read_interrupts(file).error().message, file + ": no CPU is named");
  write_text(file, heading + "24 1 1\n");
  EXPECT_EQ(read_interrupts(file).error().message, file + ": not an interrupt: 24 1 1");
}

} // namespace
