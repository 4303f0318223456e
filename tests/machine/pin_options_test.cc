/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/printable.h"
#include "machine/asked_options.h"
#include "pins/asked_pins.h"

#include <gtest/gtest.h>
#include <sched.h>

using namespace qemu_pin;

namespace {

using Words = std::vector<std::string>;

std::string error_of(const Words &arguments) {
  auto line = split_command_line(arguments);
  if (!line)
    return line.error().message;
  auto asked = asked_by(line->pins);
  return asked ? "" : asked.error().message;
}

TEST(PinOptions, AreTakenOutOfTheirCommandLine) {
  auto line =
      split_command_line({"-smp", "2", "-vcpu", "0,affinity=1", "--vcpu",
                          "affinity=2-3,,8,vcpunum=1,affinity=9,sched=fifo,priority=7", "-name",
                          "x", "-emulatorpin", "affinity=0", "-iothreadpin", "io0,affinity=4"});
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->rest, (Words{"-smp", "2", "-name", "x"}));
  auto asked = asked_by(line->pins);
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(asked->vcpus.size(), 2U);
  EXPECT_EQ(asked->vcpus[0].cpus, CpuSet{1});
  EXPECT_FALSE(asked->vcpus[0].sched);
  EXPECT_EQ(asked->vcpus[1].cpus, (CpuSet{2, 3, 8, 9}));
  EXPECT_EQ(asked->vcpus[1].sched, (Sched{{SCHED_FIFO, 7}}));
  EXPECT_EQ(asked->iothreads["io0"].cpus, CpuSet{4});
  EXPECT_EQ(asked->emulator->cpus, CpuSet{0});
}

TEST(PinOptions, ThatCannotBeReadAreNamed) {
  EXPECT_EQ(error_of({"-vcpu"}), "-vcpu: its value is missing");
  EXPECT_EQ(error_of({"-vcpu", "0,cpu=1"}), "-vcpu 0,cpu=1: there is no 'cpu'");
  EXPECT_EQ(error_of({"-vcpu", "x,affinity=1"}),
            "-vcpu x,affinity=1: vcpunum: 'x' is not a number");
  EXPECT_EQ(error_of({"-vcpu", "0"}), "-vcpu 0: affinity is missing");
  EXPECT_EQ(error_of({"-vcpu", "0,affinity=3-1"}),
            "-vcpu 0,affinity=3-1: affinity: '3-1': the range ends before it begins");
  EXPECT_EQ(error_of({"-vcpu", "0,affinity=1,priority=3"}),
            "-vcpu 0,affinity=1,priority=3: priority is given without sched=fifo or sched=rr");
  EXPECT_EQ(error_of({"-vcpu", "0,affinity=1,sched=best"}),
            "-vcpu 0,affinity=1,sched=best: sched: 'best' is not one of other, batch, idle, fifo, "
            "rr");
  EXPECT_EQ(error_of({"-vcpu", "1,affinity=1", "-vcpu", "1,affinity=2"}),
            "-vcpu 1,affinity=2: vCPU 1 is pinned already (to host CPU 1)");
  EXPECT_EQ(error_of({"-iothreadpin", "affinity=1"}),
            "-iothreadpin affinity=1: iothread is missing");
  EXPECT_EQ(error_of({"-iothreadpin", "a,affinity=1", "-iothreadpin", "a,affinity=1"}),
            "-iothreadpin a,affinity=1: iothread 'a' is pinned already (to host CPU 1)");
  EXPECT_EQ(error_of({"-emulatorpin", "affinity=1", "-emulatorpin", "affinity=2"}),
            "-emulatorpin affinity=2: the emulator is pinned already (to host CPU 1)");
}

/* add() of one option. */
std::string refusal_of(PinRequests requests, const std::vector<std::string> &options) {
  auto line = split_command_line(options);
  const auto added = requests.add(line->pins.front());
  return added ? "" : added.error().message;
}

TEST(PinRequests, OfVcpusThatTheMachineCannotHaveAreRefused) {
  EXPECT_EQ(refusal_of(PinRequests(4), {"-vcpu", "3,affinity=1"}), "");
  EXPECT_EQ(refusal_of(PinRequests(4), {"-vcpu", "4,affinity=1"}),
            "-vcpu 4,affinity=1: vCPU 4 does not exist (this machine has vCPUs 0-3)");
  EXPECT_EQ(refusal_of(PinRequests(1), {"-vcpu", "1,affinity=1"}),
            "-vcpu 1,affinity=1: vCPU 1 does not exist (this machine has vCPU 0 only)");
}

TEST(PinRequests, OfCpusThatThisHostLacksAreRefusedIfThatMatters) {
  auto here = PinRequests::on_this_host(4);
  ASSERT_TRUE(here) << here.error().message;
  EXPECT_TRUE(refusal_of(std::move(*here), {"-emulatorpin", "affinity=8191"})
                  .starts_with("-emulatorpin affinity=8191: host CPU 8191 does not exist (this "
                               "host has "));
  EXPECT_EQ(refusal_of(PinRequests(), {"-emulatorpin", "affinity=8191"}), "");
}

TEST(PinOptions, OfAPlanAreItsLists) {
  PinPlan plan;
  plan.vcpus = {"1", "9"};
  plan.emulator = "0,8";
  plan.iothreads = {{"io0", "8"}, {"io1", ""}};
  const AskedPins asked = asked_by(plan);
  EXPECT_EQ(asked.vcpus.at(1).cpus, CpuSet{9});
  EXPECT_EQ(asked.iothreads.size(), 1U);
  EXPECT_EQ(asked.emulator->cpus, (CpuSet{0, 8}));
}

TEST(PinOptions, LeaveWordInOneVariable) {
  auto line = split_command_line({"-vcpu", "0,affinity=1", "-emulatorpin", "affinity=2"});
  EXPECT_EQ(asked_value(line->pins), "-vcpu\n0,affinity=1\n-emulatorpin\naffinity=2");
}

TEST(Printable, OtherBytesAreEscaped) {
  EXPECT_EQ(printable("CPU 0/KVM"), "CPU 0/KVM");
  EXPECT_EQ(printable("\x1b[2J\\\xff"), "\\x1b[2J\\\\\\xff");
}

} // namespace
