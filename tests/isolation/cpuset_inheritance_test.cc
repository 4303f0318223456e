/*
 * Whose cpusets would be lost. That a kernel's are inherited again is tested in the lab.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/cpuset_inheritance.h"

#include "host_folder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace qemu_pin {

namespace {

class CpusetInheritance : public testing::Test {
protected:
  void SetUp() override {
    folder_.mount_v2();
    for (const std::string group : {"a", "b"}) {
      folder_.write("sys/fs/cgroup/" + group + "/cpuset.cpus", group == "a" ? "0-3\n" : "\n");
      folder_.write("sys/fs/cgroup/" + group + "/cpuset.mems", "\n");
      folder_.write("sys/fs/cgroup/" + group + "/cpuset.cpus.partition", "member\n");
      folder_.write("sys/fs/cgroup/" + group + "/cgroup.subtree_control", "memory\n");
    }
  }

  bool may_reset(const std::vector<std::string> &files = {"/sys/fs/cgroup/a/cpuset.cpus"}) const {
    return may_reset_cpusets(folder_.host(), "/sys/fs/cgroup", files);
  }

  HostFolder folder_;
};

TEST_F(CpusetInheritance, NothingIsLostWhereOthersInherit) {
  EXPECT_TRUE(may_reset());
  EXPECT_FALSE(may_reset({})) << "a set that is nobody's to be emptied";
}

TEST_F(CpusetInheritance, OthersSetsAreKept) {
  folder_.write("sys/fs/cgroup/b/cpuset.cpus", "4\n");
  EXPECT_FALSE(may_reset());
  EXPECT_TRUE(may_reset({"/sys/fs/cgroup/a/cpuset.cpus", "/sys/fs/cgroup/b/cpuset.cpus"}));
}

TEST_F(CpusetInheritance, OtherSetOfTheSameGroupIsKept) {
  folder_.write("sys/fs/cgroup/a/cpuset.mems", "0\n");
  EXPECT_FALSE(may_reset());
}

TEST_F(CpusetInheritance, PartitionsAreKept) {
  folder_.write("sys/fs/cgroup/b/cpuset.cpus.partition", "root\n");
  EXPECT_FALSE(may_reset());
}

TEST_F(CpusetInheritance, GroupsThatGiveTheControllerOnKeepIt) {
  folder_.write("sys/fs/cgroup/b/cgroup.subtree_control", "cpuset memory\n");
  EXPECT_FALSE(may_reset());
}

TEST_F(CpusetInheritance, ControllerThatIsNotGivenCannotBeTaken) {
  folder_.write("sys/fs/cgroup/cgroup.subtree_control", "memory\n");
  EXPECT_FALSE(may_reset());
}

TEST_F(CpusetInheritance, OtherControllersStayMeanwhile) {
  folder_.write("sys/fs/cgroup/cgroup.subtree_control", "cpu cpuset memory\n");
  EXPECT_EQ(without_cpusets(folder_.host(), "/sys/fs/cgroup"), "cpu memory\n");
}

TEST_F(CpusetInheritance, CopyIsOfWhatTheParentMayUse) {
  folder_.write("sys/fs/cgroup/cpuset.cpus.effective", "0-30\n");
  EXPECT_TRUE(copy_parents_set(folder_.host(), "/sys/fs/cgroup/a/cpuset.cpus"));
  EXPECT_EQ(folder_.line("/sys/fs/cgroup/a/cpuset.cpus"), "0-30");
  EXPECT_FALSE(copy_parents_set(folder_.host(), "/sys/fs/cgroup/none/cpuset.cpus"));
}

} // namespace

} // namespace qemu_pin
