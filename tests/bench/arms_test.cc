/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arms.h"
#include "harness/temp_dir.h"
#include "interruption.h"
#include "quiet_machine.h"

#include <csignal>
#include <gtest/gtest.h>

using bench::Arm;
using bench::ArmsPlan;
using bench::CpuTime;
using bench::Figures;
using bench::QuietGate;
using bench::read_cpu_time;
using bench::run_arms;
using qemu_pin::Error;
using qemu_pin::Result;
using namespace std::chrono_literals;

namespace {

/* One that every machine passes, and one that none does. */
constexpr QuietGate open_gate{1.1, 1ms, 0ms};
constexpr QuietGate shut_gate{-1, 1ms, 0ms};

Arm recorded(const std::string &name, std::string &order) {
  return {name, "", [name, &order]() -> Result<Figures> {
            order += name;
            return Figures{{"turn", static_cast<double>(order.size())}};
          }};
}

void ignore(const std::string &) {}

} // namespace

TEST(Arms, TakeTurnsForthAndBack) {
  std::string order;
  auto runs = run_arms({recorded("A", order), recorded("B", order), recorded("C", order)},
                       ArmsPlan{3, open_gate}, ignore);
  ASSERT_TRUE(runs) << runs.error().message;
  EXPECT_EQ(order, "ABCCBAABC");
  EXPECT_EQ(runs->by_arm.at("C").at(1).at("turn"), 4);
  EXPECT_EQ(runs->lost, 0U);
}

TEST(Arms, AMissingPeerIsLeftOut) {
  std::string order;
  Arm missing = recorded("B", order);
  missing.missing = "no such program";
  auto runs = run_arms({recorded("A", order), missing}, ArmsPlan{2, open_gate}, ignore);
  ASSERT_TRUE(runs);
  EXPECT_EQ(order, "AA");
  EXPECT_FALSE(runs->by_arm.contains("B"));
}

TEST(Arms, WhatFailsIsNamed) {
  const Arm broken{"B", "", []() -> Result<Figures> { return Error{"no guest"}; }};
  auto runs = run_arms({broken}, ArmsPlan{1, open_gate}, ignore);
  ASSERT_FALSE(runs);
  EXPECT_EQ(runs.error().message, "B: no guest");
}

TEST(Arms, ARepetitionOnABusyMachineIsLostUnlessAskedFor) {
  std::string order;
  auto lost = run_arms({recorded("A", order)}, ArmsPlan{2, shut_gate}, ignore);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().message, "A: the machine was never quiet: not one repetition counts");
  EXPECT_EQ(order, "");
  auto busy = run_arms({recorded("A", order)}, ArmsPlan{2, shut_gate, true}, ignore);
  ASSERT_TRUE(busy);
  EXPECT_EQ(order, "AA");
  EXPECT_EQ(busy->busy, 2U);
  EXPECT_EQ(busy->lost, 0U);
}

TEST(Arms, ProgressSaysWhichAndHowMany) {
  std::string order;
  std::vector<std::string> lines;
  ASSERT_TRUE(run_arms({recorded("A", order), recorded("B", order)}, ArmsPlan{2, open_gate},
                       [&](const std::string &line) { lines.push_back(line); }));
  EXPECT_EQ(lines, (std::vector<std::string>{"1/2 A", "1/2 B", "2/2 B", "2/2 A"}));
}

TEST(Arms, AnInterruptedRunEndsAfterTheRepetition) {
  const auto interrupted_run = [] {
    bench::remember_signals();
    std::string order;
    const Arm interrupts{"A", "", [&]() -> Result<Figures> {
                           order += "A";
                           raise(SIGINT);
                           return Figures{{"x", 1}};
                         }};
    auto runs = run_arms({interrupts, recorded("B", order)}, ArmsPlan{5, open_gate}, ignore);
    return !runs && order == "A" && bench::interrupted() == SIGINT;
  };
  /* In a process of its own: signals stay remembered. */
  EXPECT_EXIT(exit(interrupted_run() ? 42 : 1), testing::ExitedWithCode(42), "");
}

TEST(QuietMachine, ReadsTheKernelsLine) {
  auto folder = TempDir::make();
  ASSERT_TRUE(folder);
  write_text(folder->file("stat"),
             "cpu  10 20 30 400 50 6 7 8 1000 1000\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
  auto time = read_cpu_time(folder->file("stat"));
  ASSERT_TRUE(time);
  EXPECT_EQ(time->busy, 10U + 20 + 30 + 6 + 7 + 8);
  EXPECT_EQ(time->idle, 450U);
  write_text(folder->file("stat"), "intr 5\n");
  EXPECT_FALSE(read_cpu_time(folder->file("stat")));
  EXPECT_FALSE(read_cpu_time(folder->file("none")));
}

TEST(QuietMachine, TheShareIsOfWhatHasPassed) {
  EXPECT_EQ(busy_share(CpuTime{100, 1000}, CpuTime{110, 1030}), 0.25);
  EXPECT_EQ(busy_share(CpuTime{100, 1000}, CpuTime{100, 1000}), 0);
  EXPECT_EQ(busy_share(CpuTime{100, 1000}, CpuTime{105, 999}), 1);
}

/* The machine itself: what spins here is seen. */
TEST(QuietMachine, SeesALoad) {
  auto before = read_cpu_time();
  ASSERT_TRUE(before);
  const auto until = std::chrono::steady_clock::now() + 500ms;
  while (std::chrono::steady_clock::now() < until)
    ;
  auto after = read_cpu_time();
  ASSERT_TRUE(after);
  EXPECT_GE(after->busy - before->busy, 10U) << "ticks of 10 ms, of about 50";
  auto gate = wait_until_quiet(shut_gate);
  ASSERT_TRUE(gate);
  EXPECT_FALSE(gate->quiet);
  EXPECT_EQ(gate->busy_looks, 1U);
}
