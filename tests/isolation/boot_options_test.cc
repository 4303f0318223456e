/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/boot_options.h"

#include "isolation/steps/kernel_command_line.h"
#include "planned.h"

#include <filesystem>

using namespace qemu_pin;

namespace {

const CpuSet eight = {0, 1, 2, 3, 4, 5, 6, 7};

TEST(KernelCommandLine, IsSplitAtBlanksOutsideQuotes) {
  const auto options =
      boot_options("quiet  root=/dev/sda1\tdyndbg=\"file a +p\" \"x=a b\" =odd y=\n");
  ASSERT_EQ(options.size(), 6U);
  EXPECT_EQ(options[0].name, "quiet");
  EXPECT_FALSE(options[0].value);
  EXPECT_EQ(options[1].value, "/dev/sda1");
  EXPECT_EQ(options[2].value, "file a +p");
  EXPECT_EQ(options[2].text, "dyndbg=\"file a +p\"");
  EXPECT_EQ(options[3].name, "x");
  EXPECT_EQ(options[3].value, "a b");
  EXPECT_EQ(options[4].name, "=odd");
  EXPECT_EQ(options[5].value, "");
}

TEST(KernelCommandLine, EndsAtTwoDashes) {
  const auto options = boot_options("isolcpus=2 -- isolcpus=3 nohz_full=3");
  ASSERT_EQ(options.size(), 1U);
  EXPECT_EQ(options[0].value, "2");
}

TEST(KernelCommandLine, TakesDashesInNamesForUnderscores) {
  EXPECT_EQ(boot_options("rcu-nocbs=2-3").at(0).name, "rcu_nocbs");
  EXPECT_EQ(boot_options("rcu-nocbs=2-3").at(0).value, "2-3");
}

TEST(KernelCpuList, HasAllOfTheKernelsNotations) {
  EXPECT_EQ(boot_cpu_list("2,4-5", eight), (CpuSet{2, 4, 5}));
  EXPECT_EQ(boot_cpu_list("all", eight), eight);
  EXPECT_EQ(boot_cpu_list("6-N", eight), (CpuSet{6, 7}));
  EXPECT_EQ(boot_cpu_list("N", eight), CpuSet{7});
  EXPECT_EQ(boot_cpu_list("0-7:2/4", eight), (CpuSet{0, 1, 4, 5}));
  EXPECT_EQ(boot_cpu_list("1-N:1/2,0", eight), (CpuSet{0, 1, 3, 5, 7}));
  EXPECT_EQ(boot_cpu_list("1,,2,", eight), (CpuSet{1, 2}));
}

TEST(KernelCpuList, OfOtherTextIsNone) {
  for (const char *list : {"x", "3-2", "2-", "-2", "8", "0-8", "0-3:2", "0-3:1/0", "0-3:3/2",
                           "1-2-3", "0x2", "+1", "1 2", "^1"})
    EXPECT_FALSE(boot_cpu_list(list, eight)) << list;
}

TEST(Isolcpus, IsForTheDomainUnlessFlagsSayOtherwise) {
  const auto read = [](const char *line) { return read_isolcpus(boot_options(line), eight); };
  EXPECT_EQ(read("isolcpus=2-3").domain, (CpuSet{2, 3}));
  EXPECT_TRUE(read("isolcpus=2-3").managed_irq.empty());
  EXPECT_EQ(read("isolcpus=managed_irq,2-3").managed_irq, (CpuSet{2, 3}));
  EXPECT_TRUE(read("isolcpus=managed_irq,2-3").domain.empty());
  EXPECT_EQ(read("isolcpus=domain,managed_irq,new_flag,2").domain, CpuSet{2});
  EXPECT_TRUE(read("isolcpus=nohz,2").has_nohz);
  EXPECT_TRUE(read("isolcpus=nohz,2").domain.empty());
  EXPECT_TRUE(read("isolcpus=2-9").domain.empty());
}

TEST(Isolcpus, ThatContradictsAFormerIsIgnored) {
  const auto found =
      read_isolcpus(boot_options("isolcpus=2-3 isolcpus=4 isolcpus=managed_irq,5"), eight);
  EXPECT_EQ(found.domain, (CpuSet{2, 3}));
  EXPECT_EQ(found.managed_irq, CpuSet{5});
  EXPECT_EQ(found.texts,
            (std::vector<std::string>{"isolcpus=2-3", "isolcpus=4", "isolcpus=managed_irq,5"}));
}

/* Isolates 2-3 of 8 CPUs. */
class BootStep : public testing::Test {
protected:
  BootStep() {
    host.write("/sys/devices/system/cpu/possible", "0-7");
    booted_with("quiet", "", "  (null)");
  }

  void booted_with(const std::string &line, const std::string &isolated, const std::string &nohz) {
    host.write("/proc/cmdline", line);
    host.write("/sys/devices/system/cpu/isolated", isolated);
    host.write("/sys/devices/system/cpu/nohz_full", nohz);
  }

  /* Without what each option is good for. */
  StepLines lines() {
    auto made = plan_boot(host.host(), request, {});
    if (!made) {
      ADD_FAILURE() << made.error().message;
      return {};
    }
    EXPECT_TRUE(made->operations.empty());
    StepLines lines = made->tell({});
    for (std::string &line : lines)
      if (const std::size_t at = line.find(", no "); at != std::string::npos)
        line.erase(at, line.find(": ") - at);
    return lines;
  }

  CapturedHost host;
  IsolationRequest request = request_for({2, 3});
};

TEST_F(BootStep, SaysWhatToAddWhereNothingIsInForce) {
  EXPECT_EQ(lines(),
            (StepLines{"isolcpus=domain: not in force", "isolcpus=managed_irq: not in force",
                       "nohz_full: not in force", "rcu_nocbs: not in force",
                       "add to the kernel's command line: "
                       "isolcpus=managed_irq,domain,2-3 nohz_full=2-3 rcu_nocbs=2-3"}));
}

TEST_F(BootStep, SaysThatAllIsInForce) {
  booted_with("isolcpus=managed_irq,domain,2-3 nohz_full=2-3", "2-3", "2-3");
  EXPECT_EQ(lines(), (StepLines{"isolcpus=domain: in force", "isolcpus=managed_irq: in force",
                                "nohz_full: in force", "rcu_nocbs: in force"}));
}

TEST_F(BootStep, NamesTheCpusThatLackAnOptionAndKeepsTheOthers) {
  booted_with("isolcpus=3-5 nohz_full=2-3,5 rcu_nocbs=6", "3-5", "2-3,5");
  EXPECT_EQ(lines(),
            (StepLines{"isolcpus=domain: not in force for 2", "isolcpus=managed_irq: not in force",
                       "nohz_full: in force", "rcu_nocbs: in force",
                       "add to the kernel's command line: isolcpus=managed_irq,domain,2-5",
                       "in place of: isolcpus=3-5"}));
}

TEST_F(BootStep, KeepsTheNohzFlagOfIsolcpus) {
  booted_with("isolcpus=nohz,domain,2-3", "2-3", "2-3");
  EXPECT_EQ(lines().at(4),
            "add to the kernel's command line: isolcpus=nohz,managed_irq,domain,2-3");
}

TEST_F(BootStep, ReplacesAListThatIsTooShort) {
  booted_with("isolcpus=managed_irq,domain,2-3 nohz_full=3-4 rcu_nocbs=3", "2-3", "3-4");
  EXPECT_EQ(lines(), (StepLines{"isolcpus=domain: in force", "isolcpus=managed_irq: in force",
                                "nohz_full: not in force for 2", "rcu_nocbs: not in force for 2",
                                "add to the kernel's command line: nohz_full=2-4 rcu_nocbs=2-3",
                                "in place of: nohz_full=3-4 rcu_nocbs=3"}));
}

TEST_F(BootStep, BelievesTheKernelNotItsCommandLine) {
  booted_with("isolcpus=managed_irq,domain,2-3 nohz_full=2-3 rcu_nocbs=2-3", "", "");
  EXPECT_EQ(lines().at(0), "isolcpus=domain: not in force");
  EXPECT_EQ(lines().at(2), "nohz_full: not in force");
}

TEST_F(BootStep, FirstCpuKeepsTheTimeAndIsNotMissed) {
  request = request_for({0, 2});
  booted_with("nohz_full=0,2", "", "2");
  EXPECT_EQ(lines().at(2), "nohz_full: in force");
  EXPECT_EQ(lines().at(3), "rcu_nocbs: not in force for 0");
}

TEST_F(BootStep, KernelWithoutNohzFullIsToldSo) {
  std::filesystem::remove(host.path("/sys/devices/system/cpu/nohz_full"));
  EXPECT_EQ(lines().at(2), "nohz_full: this kernel is built without it");
  EXPECT_EQ(lines().at(4), "add to the kernel's command line: "
                           "isolcpus=managed_irq,domain,2-3 rcu_nocbs=2-3");
}

TEST_F(BootStep, WrongListOfRcuNocbsIsAllCpus) {
  booted_with("rcu_nocbs=2-99", "", "");
  EXPECT_EQ(lines().at(3), "rcu_nocbs: in force");
}

TEST_F(BootStep, WithoutTheFileTheCommandLineCounts) {
  booted_with("isolcpus=2-3", "", "");
  std::filesystem::remove(host.path("/sys/devices/system/cpu/isolated"));
  EXPECT_EQ(lines().at(0), "isolcpus=domain: in force");
}

} // namespace
