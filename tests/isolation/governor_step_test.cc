/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/governor.h"

#include "planned.h"

#include <filesystem>
#include <fmt/format.h>

using namespace qemu_pin;

namespace {

std::string cpufreq(unsigned cpu, const char *name) {
  return fmt::format("/sys/devices/system/cpu/cpu{}/cpufreq/{}", cpu, name);
}

class GovernorStep : public StepTest {
protected:
  /* One policy for all of these CPUs, as the kernel links them. */
  void add_policy(const CpuSet &cpus, const std::string &affected) {
    const unsigned first = *cpus.begin();
    host.write(cpufreq(first, "scaling_governor"), "powersave");
    host.write(cpufreq(first, "scaling_available_governors"), "performance powersave ");
    host.write(cpufreq(first, "affected_cpus"), affected);
    for (const unsigned cpu : cpus)
      if (cpu != first) {
        const std::filesystem::path folder = host.path(cpufreq(cpu, ""));
        std::filesystem::create_directories(folder.parent_path().parent_path());
        std::filesystem::create_directory_symlink(host.path(cpufreq(first, "")),
                                                  folder.parent_path());
      }
  }

  void add_preference(unsigned cpu) {
    host.write(cpufreq(cpu, "energy_performance_preference"), "balance_performance");
    host.write(cpufreq(cpu, "energy_performance_available_preferences"),
               "default performance balance_performance balance_power power ");
  }

  StepPlan plan() { return planned(plan_governor); }
};

TEST_F(GovernorStep, GivesEachIsolatedCpuTheGovernor) {
  for (const unsigned cpu : {1U, 2U, 3U})
    add_policy({cpu}, std::to_string(cpu));
  const StepPlan made = plan();
  const auto outcomes = carry_out(host.host(), made);
  EXPECT_EQ(host.read(cpufreq(1, "scaling_governor")), "powersave");
  EXPECT_EQ(host.read(cpufreq(2, "scaling_governor")), "performance");
  EXPECT_EQ(host.read(cpufreq(3, "scaling_governor")), "performance");
  EXPECT_EQ(made.tell(outcomes), StepLines{"CPUs 2-3: governor performance, was powersave"});
  EXPECT_EQ(made.tell(all_done(made)), StepLines{"CPUs 2-3: governor performance"});
}

TEST_F(GovernorStep, SaysWhatWasSoBefore) {
  add_policy({2}, "2");
  add_policy({3}, "3");
  host.write(cpufreq(2, "scaling_governor"), "performance");
  const StepPlan made = plan();
  const auto outcomes = carry_out(host.host(), made);
  EXPECT_EQ(made.tell(outcomes), (StepLines{"CPU 2: governor performance, as before",
                                            "CPU 3: governor performance, was powersave"}));
}

TEST_F(GovernorStep, WritesASharedPolicyOnceAndNamesWhoGoesWithIt) {
  add_policy({1, 2, 3}, "1 2 3");
  const StepPlan made = plan();
  ASSERT_EQ(made.operations.size(), 1U);
  EXPECT_NE(find_set(made, cpufreq(1, "scaling_governor")), nullptr);
  EXPECT_EQ(made.tell(carry_out(host.host(), made)),
            (StepLines{"CPUs 2-3: governor performance, was powersave",
                       "CPU 1, not isolated, goes with CPUs 2-3"}));
  EXPECT_EQ(host.read(cpufreq(3, "scaling_governor")), "performance");
}

TEST_F(GovernorStep, NamesASharedPolicyAlikeForEveryIsolation) {
  add_policy({2, 3}, "2 3");
  request = request_for({3});
  EXPECT_NE(find_set(plan(), cpufreq(2, "scaling_governor")), nullptr);
  request = request_for({2});
  EXPECT_NE(find_set(plan(), cpufreq(2, "scaling_governor")), nullptr);
}

TEST_F(GovernorStep, UnknownGovernorIsAnErrorThatNamesTheOthers) {
  add_policy({2}, "2");
  request.governor = "schedutil";
  auto made = plan_governor(host.host(), request, journal);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message,
            "CPU 2 has no governor 'schedutil'; it has performance, powersave");
}

TEST_F(GovernorStep, PartOfANameIsNoGovernor) {
  add_policy({2}, "2");
  request.governor = "power";
  EXPECT_FALSE(plan_governor(host.host(), request, journal));
}

TEST_F(GovernorStep, HostWithoutCpufreqIsToldSo) {
  const StepPlan made = plan();
  EXPECT_TRUE(made.operations.empty());
  EXPECT_EQ(made.tell({}), StepLines{"this host has no cpufreq"});
}

TEST_F(GovernorStep, CpuWithoutCpufreqIsNamed) {
  add_policy({3}, "3");
  const StepPlan made = plan();
  EXPECT_EQ(made.operations.size(), 1U);
  EXPECT_EQ(made.tell(all_done(made)),
            (StepLines{"CPU 3: governor performance", "no cpufreq for CPU 2"}));
}

TEST_F(GovernorStep, PreferenceIsWrittenBeforeTheGovernorSoThatItIsGivenBackAfterIt) {
  add_policy({2}, "2");
  add_preference(2);
  request = request_for({2});
  const StepPlan made = plan();
  ASSERT_EQ(made.operations.size(), 2U);
  EXPECT_EQ(setting_name(std::get<SetOperation>(made.operations[0]).setting),
            cpufreq(2, "energy_performance_preference"));
  const auto outcomes = carry_out(host.host(), made);
  EXPECT_EQ(host.read(cpufreq(2, "energy_performance_preference")), "performance");
  EXPECT_EQ(made.tell(outcomes),
            (StepLines{"CPU 2: energy preference performance, was balance_performance",
                       "CPU 2: governor performance, was powersave"}));
}

TEST_F(GovernorStep, AnotherGovernorLeavesThePreference) {
  add_policy({2}, "2");
  add_preference(2);
  request = request_for({2});
  request.governor = "powersave";
  EXPECT_EQ(find_set(plan(), cpufreq(2, "energy_performance_preference")), nullptr);
}

TEST_F(GovernorStep, PreferenceThatTheProcessorHasNotIsLeft) {
  add_policy({2}, "2");
  add_preference(2);
  host.write(cpufreq(2, "energy_performance_available_preferences"), "default power ");
  request = request_for({2});
  EXPECT_EQ(find_set(plan(), cpufreq(2, "energy_performance_preference")), nullptr);
}

} // namespace
