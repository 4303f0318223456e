/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/kthreads.h"

#include "kernel/procfs.h"
#include "planned.h"

#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <sstream>

using namespace qemu_pin;

namespace {

const std::string all_queues = "/sys/devices/virtual/workqueue/cpumask";
const std::string writeback = "/sys/devices/virtual/workqueue/writeback/cpumask";

class KthreadsStep : public StepTest {
protected:
  StepPlan plan() { return planned(plan_kthreads); }
};

TEST_F(KthreadsStep, NarrowsWorkqueuesInTheirOwnWidth) {
  host.write(all_queues, "ffff,ffffffff");
  host.write(writeback, "ff");
  host.write("/sys/devices/virtual/workqueue/power/async", "disabled");
  const StepPlan made = plan();
  const auto outcomes = carry_out(host.host(), made);
  EXPECT_EQ(host.read(all_queues), "ffff,fffffff3");
  EXPECT_EQ(host.read(writeback), "f3");
  EXPECT_EQ(made.operations.size(), 2U);
  EXPECT_EQ(made.tell(outcomes), (StepLines{"a captured host has no threads",
                                            "workqueues moved off: all unbound, writeback"}));
}

TEST_F(KthreadsStep, LeavesWorkqueuesThatAreElsewhere) {
  host.write(all_queues, "f3");
  host.write(writeback, "f3");
  const StepPlan made = plan();
  EXPECT_TRUE(made.operations.empty());
  EXPECT_EQ(made.tell({}).back(), "no workqueue had to move");
}

TEST_F(KthreadsStep, ClaimsWorkqueuesThatWouldComeBack) {
  host.write(all_queues, "03");
  journal.changes = {change_by({4, 5}, FileSetting{all_queues}, ValueFormat::mask, "3f", "03")};
  EXPECT_NE(find_set(plan(), all_queues), nullptr);
}

TEST_F(KthreadsStep, DoesNotNameAWorkqueueThatHasGone) {
  host.write(all_queues, "ff");
  host.write(writeback, "ff");
  const StepPlan made = plan();
  auto outcomes = all_done(made);
  outcomes[1].kind = Outcome::Kind::gone;
  EXPECT_EQ(made.tell(outcomes).back(), "workqueues moved off: all unbound");
}

TEST_F(KthreadsStep, MaskThatIsNoneIsAnError) {
  host.write(all_queues, "0-7");
  auto made = plan_kthreads(host.host(), request, journal);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, all_queues + ": '0-7' is no mask of CPUs");
}

/* Field 9 of stat, read on its own. */
unsigned long flags_of(pid_t thread) {
  std::ifstream file(fmt::format("/proc/{}/stat", thread));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  unsigned long flags = 0;
  for (int field = 3; field < 9; ++field)
    fields >> skipped;
  fields >> flags;
  return flags;
}

constexpr unsigned long kernels = 0x00200000, bound = 0x04000000; /* PF_ of Linux's sched.h */

/* Read only: nothing of this host is changed. */
class ThreadsOfThisHost : public testing::Test {
protected:
  void SetUp() override {
    if (!(flags_of(2) & kernels))
      GTEST_SKIP() << "no kernel threads are seen here";
    auto allowed = Procfs().allowed_cpus(2, 2);
    ASSERT_TRUE(allowed && *allowed);
    request.cpus = {(*allowed)->cpus.last()};
    auto made = plan_kthreads(Host(), request, {});
    ASSERT_TRUE(made) << made.error().message;
    plan = std::move(*made);
  }

  IsolationRequest request;
  StepPlan plan;
};

TEST_F(ThreadsOfThisHost, ThatMayRunThereAreMoved) {
  std::size_t threads = 0;
  for (const Operation &operation : plan.operations) {
    const auto &set = std::get<SetOperation>(operation);
    const auto *setting = std::get_if<ThreadSetting>(&set.setting);
    if (!setting)
      continue;
    ++threads;
    if (const unsigned long flags = flags_of(setting->thread.id)) {
      EXPECT_TRUE(flags & kernels) << setting->thread.id;
      EXPECT_FALSE(flags & bound) << setting->thread.id;
    }
    EXPECT_EQ(set.want, Claim::Want::without);
    EXPECT_EQ(set.operand, cpu_list(request.cpus));
    EXPECT_TRUE(set.tolerated.empty());
  }
  ASSERT_GT(threads, 0U);
  const StepLines lines = plan.tell(all_done(plan));
  EXPECT_EQ(lines.at(0),
            fmt::format("{} kernel thread{} moved off", threads, threads == 1 ? "" : "s"));
}

TEST_F(ThreadsOfThisHost, IncludeTheParentOfAll) {
  auto stat = Procfs().stat(2, 2);
  ASSERT_TRUE(stat && *stat);
  EXPECT_NE(find_set(plan, setting_name(ThreadSetting{(*stat)->thread})), nullptr);
}

TEST_F(ThreadsOfThisHost, ThatAreBoundThereAreCounted) {
  bool is_told = false;
  for (const std::string &line : plan.tell(all_done(plan)))
    is_told |= line.ends_with(" stay, bound by the kernel") && !line.starts_with("0 ");
  EXPECT_TRUE(is_told); /* ksoftirqd at least */
}

TEST_F(ThreadsOfThisHost, ThatAreGoneWhenTheirTurnComesAreNotCounted) {
  auto outcomes = all_done(plan);
  for (Outcome &outcome : outcomes)
    outcome.kind = Outcome::Kind::gone;
  EXPECT_EQ(plan.tell(outcomes).at(0), "no kernel thread had to move");
}

} // namespace
