/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/irq.h"

#include "planned.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>

using namespace qemu_pin;

namespace {

constexpr const char *new_ones = "/proc/irq/default_smp_affinity";

std::string list_of(unsigned irq) {
  return fmt::format("/proc/irq/{}/smp_affinity_list", irq);
}

/* Isolates 2-3 of 8 CPUs. */
class IrqStep : public StepTest {
protected:
  IrqStep() {
    host.write(new_ones, "ff");
    host.write("/proc/interrupts",
               "           CPU0       CPU1\n"
               "  0:        123          0   IO-APIC   2-edge      timer\n"
               " 24:          0          0   PCI-MSI 32768-edge   virtio0-config\n"
               " 25:          0          0   PCI-MSI 32769-edge   virtio0-req.0\n"
               " 26:          0          0   IR-PCI-MSIX-0000:01:00.0 0-edge  "
               "vfio-msix[0](0000:01:00.0)\n"
               " 27:          0          0   IO-APIC  11-fasteoi   ahci, eth1\n"
               "LOC:        100        200   Local timer interrupts");
    host.write(list_of(0), "0-7");
    host.write(list_of(24), "2-5");
    host.write(list_of(25), "4-5");
    host.write(list_of(26), "0-7");
    host.write(list_of(27), "2-3");
  }

  StepPlan plan() { return planned(plan_irq); }

  std::size_t index_of(const StepPlan &plan, const std::string &file) {
    for (std::size_t i = 0; i < plan.operations.size(); ++i)
      if (setting_name(std::get<SetOperation>(plan.operations[i]).setting) == file)
        return i;
    ADD_FAILURE() << "no operation for " << file;
    return 0;
  }
};

TEST_F(IrqStep, MovesWhatIsThereAndTouchesNothingElse) {
  const StepPlan made = plan();
  EXPECT_EQ(made.operations.size(), 5U);
  EXPECT_EQ(find_set(made, list_of(25)), nullptr);
  const auto outcomes = carry_out(host.host(), made);
  EXPECT_EQ(host.read(list_of(0)), "0-1,4-7");
  EXPECT_EQ(host.read(list_of(24)), "4-5");
  EXPECT_EQ(host.read(list_of(25)), "4-5");
  EXPECT_EQ(host.read(list_of(26)), "0-1,4-7");
  EXPECT_EQ(host.read(new_ones), "f3");
  EXPECT_EQ(made.tell(outcomes),
            (StepLines{"4 of 5 interrupts moved off", "new ones begin elsewhere"}));
}

TEST_F(IrqStep, OneThatIsThereAloneGoesToAllOthers) {
  carry_out(host.host(), plan());
  EXPECT_EQ(host.read(list_of(27)), "0-1,4-7");
}

TEST_F(IrqStep, IsRehearsedInTheSameWords) {
  const StepPlan made = plan();
  EXPECT_EQ(made.tell(all_done(made)),
            (StepLines{"4 of 5 interrupts moved off", "new ones begin elsewhere"}));
}

TEST_F(IrqStep, HasNothingToDoWhereNoneIs) {
  for (const unsigned irq : {0U, 24U, 25U, 26U, 27U})
    host.write(list_of(irq), "0-1");
  host.write(new_ones, "f3");
  const StepPlan made = plan();
  EXPECT_TRUE(made.operations.empty());
  EXPECT_EQ(made.tell({}), StepLines{"none of 5 interrupts had to move"});
}

TEST_F(IrqStep, RefusalsOfTheKernelsOwnPlacesAreTolerated) {
  const SetOperation set = *find_set(plan(), list_of(24));
  for (const int number : {EIO, EPERM, ENOSPC, EOPNOTSUPP})
    EXPECT_NE(std::find(set.tolerated.begin(), set.tolerated.end(), number), set.tolerated.end())
        << number;
  for (const int number : {EACCES, EINVAL, EBUSY})
    EXPECT_EQ(std::find(set.tolerated.begin(), set.tolerated.end(), number), set.tolerated.end())
        << number;
  EXPECT_TRUE(find_set(plan(), new_ones)->tolerated.empty());
}

TEST_F(IrqStep, NamesThoseThatStayByReason) {
  const StepPlan made = plan();
  auto outcomes = all_done(made);
  const auto refuse = [&](unsigned irq, int number) {
    Outcome &outcome = outcomes[index_of(made, list_of(irq))];
    outcome.kind = Outcome::Kind::refused;
    outcome.refusal = system_error(list_of(irq), number);
  };
  refuse(0, EIO);
  refuse(24, EPERM);
  refuse(27, ENOSPC);
  EXPECT_EQ(
      made.tell(outcomes),
      (StepLines{"1 of 5 interrupts moved off", "1 stay, No space left on device: 27 (ahci, eth1)",
                 "2 stay, as the kernel places them: 0,24 (timer, virtio0-config)",
                 "new ones begin elsewhere"}));
}

TEST_F(IrqStep, NamesAsManyAsALineHolds) {
  std::string table = "           CPU0";
  for (unsigned irq = 30; irq < 60; ++irq) {
    table += fmt::format("\n {}: 0 PCI-MSI {}-edge nvme0q{}", irq, irq, irq);
    host.write(list_of(irq), "0-7");
  }
  host.write("/proc/interrupts", table);
  const StepPlan made = plan();
  auto outcomes = all_done(made);
  for (unsigned irq = 30; irq < 60; ++irq) {
    outcomes[index_of(made, list_of(irq))].kind = Outcome::Kind::refused;
    outcomes[index_of(made, list_of(irq))].refusal = system_error("file", EIO);
  }
  const std::string line = made.tell(outcomes).at(1);
  EXPECT_EQ(line, "30 stay, as the kernel places them: 30-59 (nvme0q30, nvme0q31, ...)");
  EXPECT_LE(line.size(), 80U);
}

TEST_F(IrqStep, OneThatVanishedIsNotCounted) {
  const StepPlan made = plan();
  auto outcomes = all_done(made);
  outcomes[index_of(made, list_of(24))].kind = Outcome::Kind::gone;
  EXPECT_EQ(made.tell(outcomes).at(0), "3 of 5 interrupts moved off");
}

TEST_F(IrqStep, OneThatWasElsewhereAlreadyHasNotMoved) {
  const StepPlan made = plan();
  auto outcomes = all_done(made);
  outcomes[index_of(made, list_of(24))].kind = Outcome::Kind::already;
  EXPECT_EQ(made.tell(outcomes).at(0), "3 of 5 interrupts moved off");
}

TEST_F(IrqStep, FolderWithoutAListIsNoMovableInterrupt) {
  std::filesystem::remove(host.path(list_of(24)));
  const StepPlan made = plan();
  EXPECT_EQ(find_set(made, list_of(24)), nullptr);
  EXPECT_EQ(made.tell(all_done(made)).at(0), "3 of 4 interrupts moved off");
  host.write("/proc/irq/none/smp_affinity_list", "0-7");
  EXPECT_EQ(find_set(plan(), "/proc/irq/none/smp_affinity_list"), nullptr);
}

TEST_F(IrqStep, SteersWhatIsAskedForOntoTheCpus) {
  request.irq_to_guest = {"vfio", "eth1"};
  const StepPlan made = plan();
  const auto outcomes = carry_out(host.host(), made);
  EXPECT_EQ(host.read(list_of(26)), "2-3");
  EXPECT_EQ(host.read(list_of(27)), "2-3");
  EXPECT_EQ(host.read(list_of(24)), "4-5");
  EXPECT_EQ(made.tell(outcomes),
            (StepLines{"2 of 5 interrupts moved off",
                       "now on CPUs 2-3: 26-27 (vfio-msix[0](0000:01:00.0), ahci, eth1)",
                       "new ones begin elsewhere"}));
}

TEST_F(IrqStep, SteersByAnyPartOfTheName) {
  request.irq_to_guest = {"0000:01:00.0"};
  EXPECT_EQ(find_set(plan(), list_of(26))->want, Claim::Want::value);
  EXPECT_EQ(find_set(plan(), list_of(24))->want, Claim::Want::without);
}

TEST_F(IrqStep, SteeredOneMayBeKeptInPlaceToo) {
  request.irq_to_guest = {"vfio"};
  const StepPlan made = plan();
  auto outcomes = all_done(made);
  outcomes[index_of(made, list_of(26))].kind = Outcome::Kind::refused;
  outcomes[index_of(made, list_of(26))].refusal = system_error("file", EIO);
  EXPECT_EQ(made.tell(outcomes).at(1),
            "1 stay, as the kernel places them: 26 (vfio-msix[0](0000:01:00.0))");
  EXPECT_FALSE(find_set(made, list_of(26))->tolerated.empty());
}

TEST_F(IrqStep, SaysThatNoInterruptHasTheName) {
  request.irq_to_guest = {"vfio", "mlx5\x1b"};
  const StepPlan made = plan();
  EXPECT_EQ(made.tell(all_done(made)).at(0), "no interrupt has 'mlx5\\x1b' in its name");
}

TEST_F(IrqStep, NeedsTheNamesOnlyToSteer) {
  std::filesystem::remove(host.path("/proc/interrupts"));
  EXPECT_EQ(plan().operations.size(), 5U);
  request.irq_to_guest = {"vfio"};
  auto made = plan_irq(host.host(), request, journal);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, host.path("/proc/interrupts") + ": No such file or directory");
}

TEST_F(IrqStep, ClaimsWhatComesBackWhenAnotherIsolationEnds) {
  host.write(list_of(24), "4");
  host.write(list_of(25), "4");
  journal.changes = {change_by({5}, FileSetting{list_of(24)}, ValueFormat::list, "2-5", "4"),
                     change_by({5}, FileSetting{list_of(25)}, ValueFormat::list, "4-5", "4")};
  const StepPlan made = plan();
  ASSERT_NE(find_set(made, list_of(24)), nullptr);
  EXPECT_EQ(find_set(made, list_of(24))->want, Claim::Want::without);
  EXPECT_EQ(find_set(made, list_of(25)), nullptr);
}

TEST_F(IrqStep, LeavesToAnotherIsolationWhatItSteered) {
  host.write(list_of(26), "5");
  journal.changes = {
      change_by({5}, FileSetting{list_of(26)}, ValueFormat::list, "0-7", "5", Claim::Want::value)};
  request.irq_to_guest = {"vfio"};
  const StepPlan made = plan();
  ASSERT_NE(find_set(made, list_of(26)), nullptr);
  EXPECT_EQ(find_set(made, list_of(26))->want, Claim::Want::without);
}

TEST_F(IrqStep, ListThatIsNoneIsAnError) {
  host.write(list_of(24), "2-x");
  auto made = plan_irq(host.host(), request, journal);
  ASSERT_FALSE(made);
  EXPECT_TRUE(made.error().message.starts_with(list_of(24) + ": ")) << made.error().message;
}

} // namespace
