/*
 * qemu-pin set: what the kernel says afterwards of every thread.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "harness/census.h"
#include "qemu_pin_program.h"

#include "kernel/procfs.h"

#include <atomic>
#include <sched.h>
#include <thread>

namespace {

const std::vector<std::string> none;

/* A policy that needs CAP_SYS_NICE, if we have it. */
bool may_be_fifo() {
  bool may = false;
  std::thread([&] {
    sched_param one{};
    one.sched_priority = 1;
    may = sched_setscheduler(0, SCHED_FIFO, &one) == 0;
  }).join();
  return may;
}

class SetTest : public MachineTest {
protected:
  /* Two vCPUs and an iothread, its threads named or not. */
  std::optional<Guest> machine(const std::string &debug_threads = "on",
                               const std::vector<std::string> &more = {}) const {
    GuestSpec guest = spec(
        {"-object", "iothread,id=io0", "-name", "guest=set-test,debug-threads=" + debug_threads});
    guest.more.insert(guest.more.end(), more.begin(), more.end());
    return started(guest);
  }
  Asked untouched() const { return {{{0, {start}}, {1, {start}}}, {start}, {{"io0", {start}}}}; }
};

class SetPatchedTest : public SetTest {};

TEST_P(SetTest, ThreadsThatAreKnownByTheirNamesAreMoved) {
  auto guest = machine();
  ASSERT_TRUE(guest);
  const Ended set = qemu_pin_program(
      {"set", pid(*guest), "vcpu=0:" + a, "vcpu=1:" + b, "emulator=" + b, "iothread=io0:" + a});
  EXPECT_EQ(set.status, 0) << set.errors;
  EXPECT_EQ(differences(*guest, {{{0, {a}}, {1, {b}}}, {b}, {{"io0", {a}}}}), none);
  EXPECT_EQ(set.output.substr(0, 8), "vcpu 0 (");
  const Ended again = qemu_pin_program({"set", pid(*guest), "vcpu=0:" + a});
  EXPECT_EQ(again.output, "all have that already\n");
}

TEST_P(SetTest, ThreadsThatTheMonitorNamesAreMoved) {
  auto guest = machine("off", monitor_option());
  ASSERT_TRUE(guest);
  const Ended set =
      qemu_pin_program({"set", "--qmp", monitor_socket(), "vcpu=1:" + a, "emulator=" + b});
  EXPECT_EQ(set.status, 0) << set.errors;
  EXPECT_EQ(differences(*guest, {{{0, {start}}, {1, {a}}}, {b}, {{"io0", {b}}}}), none);
}

/* On a patched QEMU it is QEMU that moves them, and knows: what is pinned by name then is
 * no longer the emulator's. */
TEST_P(SetPatchedTest, AQemuKnowsWhatWasMoved) {
  auto guest = machine("off", monitor_option());
  ASSERT_TRUE(guest);
  ASSERT_EQ(qemu_pin_program({"set", "--qmp", monitor_socket(), "iothread=io0:" + a}).status, 0);
  auto moved = guest->monitor().execute(
      "qom-set", {{"path", "/machine/pinning/emulator"}, {"property", "affinity"}, {"value", b}});
  ASSERT_TRUE(moved) << moved.error().message;
  EXPECT_EQ(differences(*guest, {{{0, {start}}, {1, {start}}}, {b}, {{"io0", {a}}}}), none);
}

TEST_P(SetTest, AnIothreadThatHasItsOwnCpusKeepsThem) {
  auto guest = machine();
  ASSERT_TRUE(guest);
  ASSERT_EQ(qemu_pin_program({"set", pid(*guest), "iothread=io0:" + a}).status, 0);
  ASSERT_EQ(qemu_pin_program({"set", pid(*guest), "emulator=" + b}).status, 0);
  EXPECT_EQ(differences(*guest, {{{0, {start}}, {1, {start}}}, {b}, {{"io0", {a}}}}), none);
}

TEST_P(SetTest, PoliciesAreOfARoleOrOfOne) {
  if (!may_be_fifo())
    GTEST_SKIP() << "needs CAP_SYS_NICE";
  auto guest = machine();
  ASSERT_TRUE(guest);
  const Ended set = qemu_pin_program({"set", pid(*guest), "vcpu=0:" + a, "--sched", "vcpu=fifo:1",
                                      "--sched", "iothread=io0:rr:2", "--sched", "emulator=batch"});
  EXPECT_EQ(set.status, 0) << set.errors;
  EXPECT_EQ(differences(*guest, {{{0, {a, "fifo 1"}}, {1, {start, "fifo 1"}}},
                                 {start, "batch"},
                                 {{"io0", {start, "rr 2"}}}}),
            none);
  const Ended one = qemu_pin_program({"set", pid(*guest), "--sched", "vcpu=1:other"});
  EXPECT_EQ(one.status, 0) << one.errors;
  EXPECT_EQ(differences(
                *guest,
                {{{0, {a, "fifo 1"}}, {1, {start}}}, {start, "batch"}, {{"io0", {start, "rr 2"}}}}),
            none);
}

TEST_P(SetTest, WhenTheThirdOfFourIsRefusedAllAreAsBefore) {
  for (const bool by_monitor : {false, true}) {
    auto guest = machine(by_monitor ? "off" : "on", monitor_option());
    ASSERT_TRUE(guest);
    std::vector<std::string> arguments = {"set", pid(*guest)};
    if (by_monitor)
      arguments = {"set", "--qmp", monitor_socket()};
    for (const std::string &change :
         {"vcpu=0:" + a, "vcpu=1:" + b, "iothread=io0:" + a + ",8191", "emulator=" + b})
      arguments.push_back(change);
    const Ended set = qemu_pin_program(arguments);
    EXPECT_EQ(set.status, 2);
    EXPECT_EQ(set.output, "");
    EXPECT_NE(set.errors.find("8191"), std::string::npos) << set.errors;
    EXPECT_NE(set.errors.find("; what was changed was put back\n"), std::string::npos)
        << set.errors;
    EXPECT_EQ(differences(*guest, untouched()), none);
  }
}

TEST_P(SetTest, ADryRunSaysWhatItWouldDo) {
  auto guest = machine();
  ASSERT_TRUE(guest);
  const Ended set =
      qemu_pin_program({"set", "-n", pid(*guest), "vcpu=1:" + a, "--sched", "vcpu=1:fifo:7"});
  auto threads = guest->vcpu_threads();
  ASSERT_TRUE(threads);
  EXPECT_EQ(set.output, "vcpu 1 (thread " + std::to_string(threads->at(1)) + "): CPUs " + start +
                            " -> " + a + " other -> fifo 7\n");
  EXPECT_EQ(differences(*guest, untouched()), none);
}

TEST_P(SetTest, ThreadsThatAreNotThereAreNamed) {
  auto guest = machine();
  ASSERT_TRUE(guest);
  EXPECT_EQ(qemu_pin_program({"set", pid(*guest), "vcpu=0:" + a, "vcpu=5:" + b}).errors,
            "qemu-pin: there is no vCPU 5: the machine has 0-1; nothing was changed\n");
  EXPECT_EQ(qemu_pin_program({"set", pid(*guest), "vcpu=0:" + a, "iothread=io9:" + b}).errors,
            "qemu-pin: there is no iothread 'io9'; nothing was changed\n");
  EXPECT_EQ(differences(*guest, untouched()), none);
}

TEST_P(SetTest, WithoutNamesAndMonitorNothingIsGuessed) {
  auto guest = machine("off");
  ASSERT_TRUE(guest);
  const Ended set = qemu_pin_program({"set", pid(*guest), "vcpu=0:" + a});
  EXPECT_EQ(set.status, 2);
  EXPECT_NE(set.errors.find("--qmp"), std::string::npos) << set.errors;
  EXPECT_EQ(differences(*guest, untouched()), none);
}

TEST_P(SetTest, ThreadsThatAppearMeanwhileAreSeen) {
  auto guest = machine("on", monitor_option());
  ASSERT_TRUE(guest);
  /* Iothreads come and go at another client's wish for as long as pins change. */
  std::atomic<bool> stop = false;
  std::thread churn([&] {
    auto monitor = qemu_pin::Qmp::connect(monitor_socket(), patience);
    for (int i = 0; monitor && !stop; ++i) {
      const std::string id = "x" + std::to_string(i);
      static_cast<void>(monitor->execute("object-add", {{"qom-type", "iothread"}, {"id", id}}));
      if (i % 4 != 0)
        static_cast<void>(monitor->execute("object-del", {{"id", id}}));
    }
  });
  std::string refused;
  for (int round = 0; round < 20; ++round) {
    const Ended set = qemu_pin_program(
        {"set", "-q", pid(*guest), "emulator=" + (round % 2 ? a : b), "vcpu=0:" + a});
    refused += set.errors;
  }
  stop = true;
  churn.join();
  EXPECT_EQ(refused, "");
  EXPECT_EQ(differences(*guest, {{{0, {a}}, {1, {start}}}, {a}}), none);
}

TEST_P(SetTest, AnotherUsersMachineIsRefusedWithWhatIsMissing) {
  if (geteuid() != 0)
    GTEST_SKIP() << "needs root, to become another user";
  auto guest = machine();
  ASSERT_TRUE(guest);
  Command command{{QEMU_PIN, "set", pid(*guest), "vcpu=0:" + a}, "", files->file("errors")};
  command.user = 65534;
  auto set = Child::start(command);
  if (!set)
    GTEST_SKIP() << "another user cannot execute qemu-pin: " << set.error().message;
  EXPECT_EQ(set->wait(), 2);
  EXPECT_NE(read_text(files->file("errors"))
                .find("Operation not permitted (this needs the user of its process, or the "
                      "capability CAP_SYS_NICE; "),
            std::string::npos)
      << read_text(files->file("errors"));
  EXPECT_EQ(differences(*guest, untouched()), none);
}

TEST_P(SetTest, APlanIsAsGoodAsOptions) {
  auto guest = machine();
  ASSERT_TRUE(guest);
  write_text(files->file("plan.json"),
             R"({"qemu-pin-plan":1,"smp":{"cpus":2,"sockets":1,"cores":2,"threads":1},"vcpus":[")" +
                 a + R"(",")" + b + R"("],"emulator":")" + b +
                 R"(","iothreads":[],"disks":[],"topoext":false})");
  const Ended set = qemu_pin_program({"set", pid(*guest), "--plan", files->file("plan.json")});
  EXPECT_EQ(set.status, 0) << set.errors;
  EXPECT_EQ(differences(*guest, {{{0, {a}}, {1, {b}}}, {b}}), none);
}

INSTANTIATE_TEST_SUITE_P(Machine, SetTest, testing::ValuesIn(qemus()), qemu_name);
INSTANTIATE_TEST_SUITE_P(Machine, SetPatchedTest, testing::ValuesIn(patched_qemus()), qemu_name);

TEST(SetArguments, AProcessThatIsNoQemuIsNamed) {
  const std::string process = std::to_string(getpid());
  const Ended set = qemu_pin_program({"set", process, "vcpu=0:0"});
  EXPECT_EQ(set.status, 2);
  EXPECT_TRUE(set.errors.starts_with("qemu-pin: process " + process + " ")) << set.errors;
  EXPECT_NE(set.errors.find(qemu_pin::Procfs().program(getpid())), std::string::npos) << set.errors;
}

} // namespace
