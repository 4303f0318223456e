/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/unit_files.h"

#include "harness/temp_dir.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace qemu_pin {

namespace {

class UnitFiles : public testing::Test {
protected:
  std::string set(const std::string &text) const {
    folder_.write("a.slice", text);
    const auto set = set_in_files({folder_.path() + "/a.slice"}, "AllowedCPUs");
    return set ? cpu_list(*set) : "cannot be told";
  }

  TempDir folder_;
};

TEST_F(UnitFiles, AssignmentsAddUpUntilAnEmptyOne) {
  EXPECT_EQ(set(""), "");
  EXPECT_EQ(set("[Slice]\nAllowedCPUs=0-1 3\nAllowedCPUs = 5,6\n"), "0-1,3,5-6");
  EXPECT_EQ(set("[Slice]\nAllowedCPUs=0-1\nAllowedCPUs=\nAllowedCPUs=2\n"), "2");
  EXPECT_EQ(set("[Slice]\n  AllowedCPUs\t=\t4\t\n"), "4");
  EXPECT_EQ(set("[Slice]\nAllowedCPUs=7"), "7");
}

TEST_F(UnitFiles, OtherLinesAreNone) {
  EXPECT_EQ(set("[Slice]\n#AllowedCPUs=1\n;AllowedCPUs=1\nStartupAllowedCPUs=1\nAllowedCPUsX=1\n"
                "AllowedMemoryNodes=1\n"),
            "");
}

TEST_F(UnitFiles, WhatIsNotUnderstoodIsNotGuessed) {
  EXPECT_EQ(set("[Slice]\nAllowedCPUs=1 \\\n  2\n"), "cannot be told");
  EXPECT_EQ(set("[Slice]\nAllowedCPUs=%i\n"), "cannot be told");
  EXPECT_FALSE(set_in_files({folder_.path() + "/absent"}, "AllowedCPUs"));
}

TEST_F(UnitFiles, LaterFilesGoOnWhereEarlierOnesEnd) {
  folder_.write("b.conf", "[Slice]\nAllowedCPUs=9\n");
  folder_.write("a.slice", "[Slice]\nAllowedCPUs=1\n");
  const std::string a = folder_.path() + "/a.slice", b = folder_.path() + "/b.conf";
  EXPECT_EQ(set_in_files({a, b}, "AllowedCPUs"), (CpuSet{1, 9}));
  folder_.write("b.conf", "[Slice]\nAllowedCPUs=\nAllowedCPUs=9\n");
  EXPECT_EQ(set_in_files({a, b}, "AllowedCPUs"), CpuSet{9});
}

TEST_F(UnitFiles, DropInGoesWithFoldersThatItLeavesEmpty) {
  const std::string drop_in = runtime_drop_ins("a.slice", "AllowedCPUs", folder_.path()).front();
  const std::string other = runtime_drop_ins("b.slice", "AllowedCPUs").front();
  EXPECT_EQ(other, "/run/systemd/system.control/b.slice.d/50-AllowedCPUs.conf");
  folder_.write("run/systemd/system.control/a.slice.d/50-AllowedCPUs.conf", "");
  folder_.write("run/systemd/system.control/a.slice.d/50-MemoryHigh.conf", "");
  EXPECT_TRUE(remove_drop_in(drop_in));
  EXPECT_FALSE(std::filesystem::exists(drop_in));
  const std::filesystem::path unit = std::filesystem::path(drop_in).parent_path();
  EXPECT_TRUE(std::filesystem::exists(unit / "50-MemoryHigh.conf"));
  std::filesystem::remove(unit / "50-MemoryHigh.conf");
  EXPECT_TRUE(remove_drop_in(drop_in)) << "one that is not there is no error";
  EXPECT_FALSE(std::filesystem::exists(unit));
  EXPECT_FALSE(std::filesystem::exists(unit.parent_path()));
  EXPECT_TRUE(std::filesystem::exists(unit.parent_path().parent_path()));
}

} // namespace

} // namespace qemu_pin
