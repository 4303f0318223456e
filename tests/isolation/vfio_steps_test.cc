/*
 * What vfio-isolate's commands do on a captured host. What needs a kernel, groups and their
 * members, is tested in the lab: vfio_isolate.bats.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vfio/vfio_steps.h"

#include "host_folder.h"
#include "isolation/isolation.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <string>
#include <vector>

namespace qemu_pin {

namespace {

std::string governor_of(unsigned cpu) {
  return fmt::format("/sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor", cpu);
}

/* "/proc/irq/24/smp_affinity_list = 0-7", "make /sys/fs/cgroup/a" */
struct ShownOperation {
  std::string operator()(const SetOperation &one) const {
    return setting_name(one.setting) + " = " + one.operand.substr(0, one.operand.find('\n')) +
           (one.before ? " (new)" : "");
  }
  std::string operator()(const GroupOperation &one) const {
    return fmt::format("make {} in {} of {}", one.folder, one.home, one.members);
  }
  std::string operator()(const MoveAllOperation &one) const {
    return fmt::format("move all {} to {}{}", one.from, one.to,
                       one.kernels_too ? ", kernel's" : "");
  }
  std::string operator()(const MoveOperation &one) const {
    return fmt::format("move {} to {}", one.from, one.to);
  }
  std::string operator()(const RemoveGroupOperation &one) const {
    std::string text = "remove " + one.folder;
    for (const auto &[file, value] : one.values)
      text += fmt::format(" {}={}", file, value.substr(0, value.find('\n')));
    return text;
  }
  std::string operator()(const ActOperation &one) const {
    return fmt::format("write {} = {}", one.file, one.value.substr(0, one.value.find('\n')));
  }
};

class VfioSteps : public testing::Test {
protected:
  /* All operations of one command, or why there is no plan. */
  std::vector<std::string> plan(const VfioCommand &command,
                                const JournalContent &journal = {}) const {
    std::vector<std::string> shown;
    for (const VfioStep &one : vfio_steps(command)) {
      auto plan = one.step.plan(folder_.host(), IsolationRequest(), journal);
      if (!plan)
        return {"error: " + plan.error().message};
      for (const Operation &operation : plan->operations)
        shown.push_back(std::visit(ShownOperation(), operation));
    }
    return shown;
  }

  std::string file() const { return folder_.path() + "/undo"; }
  std::string locks() const { return folder_.path() + "/locks"; }

  /* "" when all were carried out, with an undo file. */
  std::string carry_out(const std::vector<VfioCommand> &commands) const {
    auto journal = Journal::open_file(folder_.host(), file(), true, locks());
    if (!journal)
      return journal.error().message;
    std::vector<std::string> told;
    if (auto result = begin_isolation(folder_.host(), *journal, IsolationRequest(), told); !result)
      return result.error().message;
    for (const VfioCommand &command : commands)
      for (const VfioStep &one : vfio_steps(command)) {
        auto report = take_step(folder_.host(), *journal, one.step, IsolationRequest());
        if (!report)
          return report.error().message;
      }
    const auto ended = end_isolation(*journal, IsolationId());
    return ended ? "" : ended.error().message;
  }

  UndoReport restore() const {
    UndoReport failed;
    auto journal = Journal::open_file(folder_.host(), file(), false, locks());
    if (!journal) {
      failed.failed.push_back(journal.error().message);
      return failed;
    }
    auto report = undo_isolation(folder_.host(), *journal, IsolationId(), false);
    if (report)
      return *report;
    failed.failed.push_back(report.error().message);
    return failed;
  }

  HostFolder folder_;
};

using Lines = std::vector<std::string>;

TEST_F(VfioSteps, InterruptsAreMaskedAndComeBack) {
  ASSERT_EQ(carry_out({IrqAffinity{false, {2, 3, 4, 5, 8, 9, 10, 11}}}), "");
  EXPECT_EQ(folder_.line("/proc/irq/0/smp_affinity_list"), "0-1,6-7,12-31");
  EXPECT_EQ(folder_.line("/proc/irq/25/smp_affinity_list"), "6-7");
  EXPECT_EQ(folder_.line("/proc/irq/24/smp_affinity_list"), "0-1,6-7,12-31")
      << "one that is masked off all of its CPUs goes to all others";
  EXPECT_EQ(folder_.line("/proc/irq/default_smp_affinity"), "ffffffff");
  const UndoReport undone = restore();
  EXPECT_EQ(undone.restored, 3U);
  EXPECT_EQ(undone.left, Lines());
  EXPECT_EQ(undone.failed, Lines());
  EXPECT_EQ(folder_.line("/proc/irq/0/smp_affinity_list"), "0-31");
  EXPECT_EQ(folder_.line("/proc/irq/24/smp_affinity_list"), "9");
  EXPECT_EQ(folder_.line("/proc/irq/25/smp_affinity_list"), "2-9");
}

TEST_F(VfioSteps, LaterCommandsSeeWhatEarlierOnesLeft) {
  const CpuSet two = {2};
  ASSERT_EQ(carry_out({IrqAffinity{false, two}, IrqAffinity{true, two}, IrqAffinity{false, two},
                       IrqAffinity{true, {0}}}),
            "");
  EXPECT_EQ(folder_.line("/proc/irq/25/smp_affinity_list"), "0,3-9");
  restore();
  EXPECT_EQ(folder_.line("/proc/irq/25/smp_affinity_list"), "2-9");
}

TEST_F(VfioSteps, InterruptThatSomebodyElseMovedSinceIsLeftAlone) {
  ASSERT_EQ(carry_out({IrqAffinity{false, {2}}}), "");
  folder_.write("proc/irq/25/smp_affinity_list", "7\n");
  const UndoReport undone = restore();
  ASSERT_EQ(undone.left.size(), 1U);
  EXPECT_NE(undone.left.front().find("/proc/irq/25/smp_affinity_list"), std::string::npos);
  EXPECT_EQ(folder_.line("/proc/irq/25/smp_affinity_list"), "7");
  EXPECT_EQ(folder_.line("/proc/irq/0/smp_affinity_list"), "0-31");
  EXPECT_EQ(restore().restored, 0U) << "once more is no error";
}

TEST_F(VfioSteps, MaskOfAllCpusIsAnError) {
  IrqAffinity all{false, {}};
  for (unsigned cpu = 0; cpu < HostFolder::cpus; ++cpu)
    all.cpus.insert(cpu);
  EXPECT_EQ(plan(all), Lines{"error: CPUs 0-31 are all that is online: interrupts need one"});
}

TEST_F(VfioSteps, GovernorIsSetAndComesBack) {
  ASSERT_EQ(carry_out({CpuGovernor{"performance", {2, 3, 31}}}), "");
  for (const unsigned cpu : {2U, 3U, 31U})
    EXPECT_EQ(folder_.line(governor_of(cpu)), "performance");
  EXPECT_EQ(folder_.line(governor_of(4)), "schedutil");
  EXPECT_EQ(restore().restored, 3U);
  EXPECT_EQ(folder_.line(governor_of(31)), "schedutil");
}

TEST_F(VfioSteps, GovernorThatIsNotThereIsNamed) {
  EXPECT_EQ(plan(CpuGovernor{"ondemand", {1}}),
            Lines{"error: CPU 1 has no governor 'ondemand'; it has: performance schedutil"});
  std::filesystem::remove(folder_.path() + governor_of(1));
  EXPECT_EQ(plan(CpuGovernor{"performance", {1}}),
            Lines{"error: CPU 1 has no frequency governor: there is no " + governor_of(1)});
}

TEST_F(VfioSteps, WhatFailsUndoesWhatWasBefore) {
  EXPECT_EQ(carry_out({IrqAffinity{false, {2}}, CpuGovernor{"performance", {1}},
                       CpuGovernor{"ondemand", {1}}}),
            "cpu-governor: CPU 1 has no governor 'ondemand'; it has: performance schedutil; "
            "everything is as it was before");
  EXPECT_EQ(folder_.line("/proc/irq/25/smp_affinity_list"), "2-9");
  EXPECT_EQ(folder_.line(governor_of(1)), "schedutil");
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(VfioSteps, MemoryCommandsWriteWhatTheKernelWants) {
  EXPECT_EQ(plan(DropCaches()), Lines{"write /proc/sys/vm/drop_caches = 3"});
  EXPECT_EQ(plan(CompactMemory()), Lines{"write /proc/sys/vm/compact_memory = 1"});
}

TEST_F(VfioSteps, UndoFileOfWhatLeavesNothingIsThereAllTheSame) {
  ASSERT_EQ(carry_out({DropCaches()}), "");
  EXPECT_TRUE(std::filesystem::exists(file()));
  EXPECT_EQ(restore().failed, Lines());
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(VfioSteps, SetsOfV2) {
  folder_.mount_v2();
  CpusetModify modify{"/system.slice", {}};
  modify.options.cpus = CpuSet{0, 1, 2};
  modify.options.mems = CpuSet{0};
  modify.options.mem_migrate = true;
  EXPECT_EQ(plan(modify), (Lines{"/sys/fs/cgroup/system.slice/cpuset.cpus = 0-2",
                                 "/sys/fs/cgroup/system.slice/cpuset.mems = 0 (new)"}));
  EXPECT_EQ(vfio_warnings(folder_.host(), modify),
            Lines{"cpuset-modify: --mem-migrate is of cgroup v1, and this host has v2: ignored"});
  folder_.write("sys/fs/cgroup/system.slice/cpuset.mems", "\n");
  ASSERT_EQ(carry_out({modify}), "");
  EXPECT_EQ(folder_.line("/sys/fs/cgroup/system.slice/cpuset.cpus"), "0-2");
  restore();
  EXPECT_EQ(folder_.line("/sys/fs/cgroup/system.slice/cpuset.cpus"), "")
      << "what was inherited is inherited again";
}

TEST_F(VfioSteps, InheritedSetIsKnownForGroupsThatCannotInheritAgain) {
  folder_.mount_v2();
  folder_.write("sys/fs/cgroup/cpuset.cpus.effective", "0-30\n");
  CpusetModify modify{"/system.slice", {}};
  modify.options.cpus = CpuSet{0};
  const auto steps = vfio_steps(modify);
  auto plan = steps.front().step.plan(folder_.host(), IsolationRequest(), JournalContent());
  ASSERT_TRUE(plan);
  EXPECT_EQ(std::get<SetOperation>(plan->operations.front()).means, "0-30");
}

TEST_F(VfioSteps, ControllerOfV2IsEnabledFromTheRootDown) {
  folder_.mount_v2("memory");
  CpusetCreate create{"/system.slice/guest", {}};
  create.options.cpus = CpuSet{4};
  EXPECT_EQ(plan(create),
            (Lines{"make /sys/fs/cgroup/system.slice/guest in /sys/fs/cgroup/system.slice of "
                   "cgroup.procs",
                   "/sys/fs/cgroup/cgroup.subtree_control = cpuset memory",
                   "/sys/fs/cgroup/system.slice/cgroup.subtree_control = cpuset memory",
                   "/sys/fs/cgroup/system.slice/guest/cpuset.cpus = 4 (new)"}));
}

TEST_F(VfioSteps, NewGroupOfV1HasItsParentsSetsUnlessToldOtherwise) {
  folder_.mount_v1();
  CpusetCreate create{"/old/new", {}};
  create.options.mem_migrate = true;
  create.options.sched_load_balance = false;
  const std::string path = "/sys/fs/cgroup/cpuset/old";
  EXPECT_EQ(plan(create),
            (Lines{"make " + path + "/new in " + path + " of tasks",
                   path + "/new/cpuset.cpus = 1-3 (new)", path + "/new/cpuset.mems = 0-1 (new)",
                   path + "/new/cpuset.memory_migrate = 1 (new)",
                   path + "/new/cpuset.sched_load_balance = 0 (new)"}));
  create.options = {};
  create.options.cpus = CpuSet{2};
  EXPECT_EQ(plan(create),
            (Lines{"make " + path + "/new in " + path + " of tasks",
                   path + "/new/cpuset.cpus = 2 (new)", path + "/new/cpuset.mems = 0-1 (new)"}));
  EXPECT_EQ(vfio_warnings(folder_.host(), create), Lines());
}

TEST_F(VfioSteps, FlagsOfV1AreSetAndComeBack) {
  folder_.mount_v1();
  CpusetModify modify{"/old", {}};
  modify.options.cpu_exclusive = true;
  modify.options.sched_load_balance = false;
  ASSERT_EQ(carry_out({modify}), "");
  EXPECT_EQ(folder_.line("/sys/fs/cgroup/cpuset/old/cpuset.cpu_exclusive"), "1");
  EXPECT_EQ(folder_.line("/sys/fs/cgroup/cpuset/old/cpuset.sched_load_balance"), "0");
  EXPECT_EQ(folder_.line("/sys/fs/cgroup/cpuset/old/cpuset.cpus"), "1-3");
  EXPECT_EQ(restore().restored, 2U);
  EXPECT_EQ(folder_.line("/sys/fs/cgroup/cpuset/old/cpuset.cpu_exclusive"), "0");
  EXPECT_EQ(folder_.line("/sys/fs/cgroup/cpuset/old/cpuset.sched_load_balance"), "1");
}

TEST_F(VfioSteps, HierarchyOfV1ThatHasCpusetsIsUsedThoughV2IsMountedToo) {
  folder_.mount_v1();
  folder_.write("proc/self/mountinfo",
                "30 23 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
                "32 23 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
                "31 23 0:27 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n");
  folder_.write("sys/fs/cgroup/unified/cgroup.controllers", "\n");
  EXPECT_EQ(plan(CpusetDelete{"/old"}),
            Lines{"remove /sys/fs/cgroup/cpuset/old cpuset.cpus=1-3 cpuset.mems=0-1 "
                  "cpuset.cpu_exclusive=0 cpuset.sched_load_balance=1"});
}

TEST_F(VfioSteps, TasksGoHomeOnlyWithAGroupOfTheJournals) {
  folder_.mount_v1();
  const std::string root = "/sys/fs/cgroup/cpuset";
  EXPECT_EQ(plan(MoveTasks{"/", "/old"}), Lines()) << "one by one, and there are none";
  JournalContent journal;
  journal.changes.push_back(
      {"cpuset-create", GroupChange{root + "/old", root, "tasks", {IsolationId()}}});
  EXPECT_EQ(plan(MoveTasks{"/", "/old"}, journal),
            Lines{"move all " + root + "/tasks to " + root + "/old/tasks, kernel's"});
  EXPECT_EQ(plan(MoveTasks{"/old", "/"}, journal), Lines());
}

TEST_F(VfioSteps, GroupsThatAreNotAsTheyMustBeAreErrors) {
  EXPECT_EQ(plan(CpusetDelete{"/old"}), Lines{"error: this host has no cpusets: no control group "
                                              "hierarchy has the cpuset controller"});
  folder_.mount_v1();
  const std::string root = "/sys/fs/cgroup/cpuset";
  const std::string none = "error: there is no control group /none in " + root;
  EXPECT_EQ(plan(CpusetModify{"/none", {}}), Lines{none});
  EXPECT_EQ(plan(CpusetDelete{"/none"}), Lines{none});
  EXPECT_EQ(plan(CpusetCreate{"/none/new", {}}), Lines{none});
  EXPECT_EQ(plan(MoveTasks{"/none", "/"}), Lines{none});
  EXPECT_EQ(plan(MoveTasks{"/", "/none"}), Lines{none});
  EXPECT_EQ(plan(CpusetCreate{"/old", {}}), Lines{"error: " + root + "/old is there already"});
  EXPECT_EQ(plan(CpusetCreate{"/", {}}), Lines{"error: " + root + " is there already"});
  EXPECT_EQ(plan(CpusetDelete{"/"}), Lines{"error: / is the root, which cannot be deleted"});
  folder_.write("sys/fs/cgroup/cpuset/old/child/tasks", "");
  EXPECT_EQ(plan(CpusetDelete{"/old"}),
            Lines{"error: /old has groups of its own: /sys/fs/cgroup/cpuset/old/child"});
  folder_.mount_v2();
  EXPECT_EQ(plan(CpusetModify{"/", {}}),
            Lines{"error: / is the root, which has all CPUs and memory nodes"});
}

} // namespace

} // namespace qemu_pin
