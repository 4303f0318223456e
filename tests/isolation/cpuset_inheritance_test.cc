/*
 * Whose cpusets would be lost. That a kernel's are inherited again is tested in the lab.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/cpuset_inheritance.h"

#include "vfio_host.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace qemu_pin {

namespace {

class CpusetInheritance : public testing::Test {
protected:
  void SetUp() override {
    host_.mount_v2();
    for (const std::string group : {"a", "b"}) {
      host_.write("/sys/fs/cgroup/" + group + "/cpuset.cpus", group == "a" ? "0-3" : "");
      host_.write("/sys/fs/cgroup/" + group + "/cpuset.mems", "");
      host_.write("/sys/fs/cgroup/" + group + "/cpuset.cpus.partition", "member");
      host_.write("/sys/fs/cgroup/" + group + "/cgroup.subtree_control", "memory");
    }
  }

  bool may_reset(const std::vector<std::string> &files = {"/sys/fs/cgroup/a/cpuset.cpus"}) const {
    return may_reset_cpusets(host_.host(), "/sys/fs/cgroup", files);
  }

  VfioHost host_;
};

TEST_F(CpusetInheritance, NothingIsLostWhereOthersInherit) {
  EXPECT_TRUE(may_reset());
  EXPECT_FALSE(may_reset({})) << "a set that is nobody's to be emptied";
}

TEST_F(CpusetInheritance, OthersSetsAreKept) {
  host_.write("/sys/fs/cgroup/b/cpuset.cpus", "4");
  EXPECT_FALSE(may_reset());
  EXPECT_TRUE(may_reset({"/sys/fs/cgroup/a/cpuset.cpus", "/sys/fs/cgroup/b/cpuset.cpus"}));
}

TEST_F(CpusetInheritance, OtherSetOfTheSameGroupIsKept) {
  host_.write("/sys/fs/cgroup/a/cpuset.mems", "0");
  EXPECT_FALSE(may_reset());
}

TEST_F(CpusetInheritance, PartitionsAreKept) {
  host_.write("/sys/fs/cgroup/b/cpuset.cpus.partition", "root");
  EXPECT_FALSE(may_reset());
}

TEST_F(CpusetInheritance, GroupsThatGiveTheControllerOnKeepIt) {
  host_.write("/sys/fs/cgroup/b/cgroup.subtree_control", "cpuset memory");
  EXPECT_FALSE(may_reset());
}

TEST_F(CpusetInheritance, ControllerThatIsNotGivenCannotBeTaken) {
  host_.write("/sys/fs/cgroup/cgroup.subtree_control", "memory");
  EXPECT_FALSE(may_reset());
}

TEST_F(CpusetInheritance, OtherControllersStayMeanwhile) {
  host_.write("/sys/fs/cgroup/cgroup.subtree_control", "cpu cpuset memory");
  EXPECT_EQ(without_cpusets(host_.host(), "/sys/fs/cgroup"), "cpu memory\n");
}

TEST_F(CpusetInheritance, CopyIsOfWhatTheParentMayUse) {
  host_.write("/sys/fs/cgroup/cpuset.cpus.effective", "0-30");
  EXPECT_TRUE(copy_parents_set(host_.host(), "/sys/fs/cgroup/a/cpuset.cpus"));
  EXPECT_EQ(host_.read("/sys/fs/cgroup/a/cpuset.cpus"), "0-30");
  EXPECT_FALSE(copy_parents_set(host_.host(), "/sys/fs/cgroup/none/cpuset.cpus"));
}

} // namespace

} // namespace qemu_pin
