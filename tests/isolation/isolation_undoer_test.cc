/*
 * An isolation's end on a captured host: which changes are undone, and which are left.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "isolation/isolation_undoer.h"

#include "planned.h"

#include <gtest/gtest.h>

using namespace qemu_pin;

namespace {

const IsolationId ours({2, 3});

class Undoing : public StepTest {
protected:
  /* A file that "2-3" has changed from 0-7 to 0-1,4-7. */
  void changed(const std::string &step, const std::string &file, const std::string &now) {
    host.write(file, now);
    change(step, FileSetting{file});
  }

  void change(const std::string &step, const Setting &setting) {
    journal.changes.push_back({step, SettingChange{setting,
                                                   ValueFormat::list,
                                                   "",
                                                   "0-7\n",
                                                   "0-1,4-7\n",
                                                   {{ours, Claim::Want::without, "2-3"}}}});
  }

  UndoReport undone() {
    const TempDir folder;
    auto file =
        Journal::open_file(Host(), folder.file("journal"), /*is_new=*/true, folder.file("locks"));
    if (!file) {
      ADD_FAILURE() << file.error().message;
      return {};
    }
    file->content() = journal;
    return undo_changes(host.host(), *file, ours, /*force=*/false);
  }
};

constexpr const char *interrupt = "/proc/irq/24/smp_affinity_list";
constexpr const char *watchdog = "/proc/sys/kernel/watchdog_cpumask";

} // namespace

/* The process that was told has ended since; one runs now. */
TEST_F(Undoing, IrqbalanceMayHaveMovedWhatTheStepChangedThatToldIt) {
  host.write("/proc/77/comm", "irqbalance");
  host.write("/proc/77/task/77/stat",
             "77 (irqbalance) S 1 77 77 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 900 0 0 0 0 0 0 0 0 "
             "0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0");
  change("irq", IrqbalanceSetting{{66, 500}});
  changed("irq", interrupt, "5");
  changed("watchdog", watchdog, "5");
  const UndoReport report = undone();
  EXPECT_EQ(report.balanced, 1U);
  EXPECT_EQ(report.left, std::vector<std::string>{std::string(watchdog) +
                                                  ": changed by somebody else since, to '5'; it "
                                                  "was '0-7'"});
  EXPECT_EQ(report.failed, std::vector<std::string>());
  EXPECT_EQ(host.read(interrupt), "5");
}

TEST_F(Undoing, WithoutIrqbalanceSomebodyElseHasMovedIt) {
  change("irq", IrqbalanceSetting{{66, 500}});
  changed("irq", interrupt, "5");
  const UndoReport report = undone();
  EXPECT_EQ(report.balanced, 0U);
  EXPECT_EQ(report.left.size(), 1U);
}

TEST_F(Undoing, WhatAGroupThatGoesHasIsNotWrittenButForItsPartition) {
  const std::string group = "/sys/fs/cgroup/qemu-pin-2-3";
  changed("cpuset", group + "/cpuset.cpus", "0-1,4-7");
  changed("cpuset", group + "/cpuset.cpus.partition", "0-1,4-7");
  changed("cpuset", group + "-other/cpuset.cpus", "0-1,4-7");
  /* It has files, so a captured one stays: the settings are what matters here. */
  journal.changes.push_back(
      {"cpuset", GroupChange{group, "/sys/fs/cgroup", "cgroup.procs", {ours}}});
  (void)undone();
  EXPECT_EQ(host.read(group + "/cpuset.cpus"), "0-1,4-7");
  EXPECT_EQ(host.read(group + "/cpuset.cpus.partition"), "0-7");
  EXPECT_EQ(host.read(group + "-other/cpuset.cpus"), "0-7");
}
