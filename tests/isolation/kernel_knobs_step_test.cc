/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/kernel_knobs.h"

#include "planned.h"

using namespace qemu_pin;

namespace {

constexpr const char *timer_migration = "/proc/sys/kernel/timer_migration";
constexpr const char *watchdog = "/proc/sys/kernel/watchdog_cpumask";
constexpr const char *rt_runtime = "/proc/sys/kernel/sched_rt_runtime_us";
constexpr const char *nohz_full = "/sys/devices/system/cpu/nohz_full";

using KernelKnobs = StepTest;

TEST_F(KernelKnobs, TimersStayWhereTheyAreStarted) {
  host.write(timer_migration, "1");
  host.write(nohz_full, "  (null)");
  const StepPlan made = planned(plan_timer_migration);
  const auto outcomes = carry_out(host.host(), made);
  EXPECT_EQ(host.read(timer_migration), "0");
  EXPECT_EQ(made.tell(outcomes), StepLines{"timer_migration is 0; it was 1"});
  EXPECT_EQ(made.tell(all_done(made)), StepLines{"timer_migration is 0"});
}

TEST_F(KernelKnobs, TimersMayGoWhereAllCpusAreTickless) {
  host.write(timer_migration, "1");
  host.write(nohz_full, "1-3");
  const StepPlan all = planned(plan_timer_migration);
  EXPECT_TRUE(all.operations.empty());
  EXPECT_EQ(all.tell({}),
            StepLines{"left alone: the CPUs are nohz_full, so timers go to others anyway"});
  host.write(nohz_full, "3-7");
  EXPECT_EQ(planned(plan_timer_migration).operations.size(), 1U);
}

TEST_F(KernelKnobs, LockupDetectorsLeaveTheCpus) {
  host.write(watchdog, "0-7");
  const StepPlan made = planned(plan_watchdog);
  const auto outcomes = carry_out(host.host(), made);
  EXPECT_EQ(host.read(watchdog), "0-1,4-7");
  EXPECT_EQ(made.tell(outcomes), StepLines{"the lockup detectors do not watch CPUs 2-3 any more"});
}

TEST_F(KernelKnobs, LockupDetectorsThatAreElsewhereStay) {
  host.write(watchdog, "0-1");
  const StepPlan made = planned(plan_watchdog);
  EXPECT_TRUE(made.operations.empty());
  EXPECT_EQ(made.tell({}), StepLines{"the lockup detectors do not watch the CPUs"});
  host.write(watchdog, "");
  EXPECT_TRUE(planned(plan_watchdog).operations.empty());
}

TEST_F(KernelKnobs, LockupDetectorsThatWillComeBackAreClaimed) {
  host.write(watchdog, "0-1");
  journal.changes = {change_by({4, 5}, FileSetting{watchdog}, ValueFormat::list, "0-5", "0-1")};
  EXPECT_EQ(planned(plan_watchdog).operations.size(), 1U);
}

TEST_F(KernelKnobs, RealTimeThreadsAreNotThrottled) {
  host.write(rt_runtime, "950000");
  const StepPlan made = planned(plan_rt_runtime);
  const auto outcomes = carry_out(host.host(), made);
  EXPECT_EQ(host.read(rt_runtime), "-1");
  EXPECT_EQ(made.tell(outcomes),
            StepLines{"real-time threads are not throttled (-1); it was 950000"});
  EXPECT_EQ(made.tell(carry_out(host.host(), planned(plan_rt_runtime))),
            StepLines{"real-time threads are not throttled (-1), as before"});
}

TEST_F(KernelKnobs, KernelThatHasNoneIsNoError) {
  for (const auto &[step, file] :
       {std::pair<PlanFunction, const char *>{plan_timer_migration, timer_migration},
        {plan_watchdog, watchdog},
        {plan_rt_runtime, rt_runtime}}) {
    const StepPlan made = planned(step);
    EXPECT_TRUE(made.operations.empty());
    EXPECT_EQ(made.tell({}), StepLines{std::string("this kernel cannot: it has no ") + file});
  }
}

} // namespace
