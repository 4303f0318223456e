/*
 * qemu-pin verify: each kind of drift is made, found, and named.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "harness/cpuset.h"
#include "harness/offline_cpu.h"
#include "kernel/procfs.h"
#include "qemu_pin_program.h"

#include <fstream>

using namespace std::chrono_literals;

namespace {

bool has(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

class VerifyTest : public MachineTest {
protected:
  /* Pins of two vCPUs and an iothread; a patched QEMU is started with them, of another
   * one they are asked after "--". */
  std::vector<std::string> pins() const {
    return {"-vcpu",        "0,affinity=" + a,   "-vcpu",        "1,affinity=" + b,
            "-iothreadpin", "io0,affinity=" + b, "-emulatorpin", "affinity=" + both()};
  }
  std::string both() const { return a + ",affinity=" + b; }

  std::optional<Guest> machine(const std::vector<std::string> &more = {}) const {
    GuestSpec guest = spec({"-object", "iothread,id=io0", "-name", "verify,debug-threads=on"});
    guest.more.insert(guest.more.end(), more.begin(), more.end());
    if (GetParam().patched)
      for (const std::string &word : pins())
        guest.more.push_back(word);
    auto started = MachineTest::started(guest);
    if (!started || GetParam().patched)
      return started;
    const Ended set = qemu_pin_program({"set", std::to_string(started->pid()), "vcpu=0:" + a,
                                        "vcpu=1:" + b, "iothread=io0:" + b, "emulator=" + start});
    EXPECT_EQ(set.status, 0) << set.errors;
    return started;
  }

  std::vector<std::string> arguments(const Guest &guest,
                                     const std::vector<std::string> &options = {}) const {
    std::vector<std::string> all = {"verify", std::to_string(guest.pid())};
    all.insert(all.end(), options.begin(), options.end());
    if (!GetParam().patched) {
      all.emplace_back("--");
      for (const std::string &word : pins())
        all.push_back(word);
    }
    return all;
  }
  Ended verify(const Guest &guest, const std::vector<std::string> &options = {"-q"}) const {
    return qemu_pin_program(arguments(guest, options));
  }

  /* A watch that has found the machine as asked once: of one that ends before, there is nothing
   * to tell. */
  std::optional<Child> watching(const Guest &guest) const {
    std::vector<std::string> argv = arguments(guest, {"--watch"});
    argv.insert(argv.begin(), QEMU_PIN);
    auto watch = Child::start({argv, files->file("output"), files->file("errors")});
    if (!watch || !comes_true([&] { return waits_for_a_process(watch->pid()); })) {
      ADD_FAILURE() << "no watch: " << read_text(files->file("errors"));
      return std::nullopt;
    }
    return std::optional(std::move(*watch));
  }

  static pid_t vcpu(Guest &guest, unsigned number) {
    auto threads = guest.vcpu_threads();
    return threads && threads->contains(number) ? threads->at(number) : 0;
  }
  static void move(pid_t thread, const std::string &cpus) {
    const Ended taskset = run_program({"taskset", "-p", "-c", cpus, std::to_string(thread)});
    EXPECT_EQ(taskset.status, 0) << taskset.errors;
  }
};

/* QEMUs that leave one. */
class VerifyStrayThread : public VerifyTest {};

TEST_P(VerifyTest, AMachineThatIsAsAskedHasNoDifference) {
  auto guest = machine();
  ASSERT_TRUE(guest);
  const Ended quiet = verify(*guest);
  EXPECT_EQ(quiet.status, 0) << quiet.output << quiet.errors;
  EXPECT_EQ(quiet.output, "");
  const Ended told = verify(*guest, {});
  EXPECT_TRUE(told.output.starts_with("process " + std::to_string(guest->pid())) &&
              has(told.output, ": as asked ("))
      << told.output;
}

TEST_P(VerifyTest, AThreadThatTasksetMovedIsNamed) {
  auto guest = machine();
  ASSERT_TRUE(guest);
  const pid_t thread = vcpu(*guest, 1);
  move(thread, a);
  const Ended found = verify(*guest);
  EXPECT_EQ(found.status, 1) << found.errors;
  EXPECT_EQ(found.output, "vcpu 1 (thread " + std::to_string(thread) + "): asked host CPU " + b +
                              ", found host CPU " + a + ": pinned anew from outside\n");
}

TEST_P(VerifyTest, ACpusetThatGrewNarrowIsNamed) {
  auto cpuset = Cpuset::make(start);
  if (!cpuset)
    GTEST_SKIP() << cpuset.error().message;
  auto guest = machine();
  ASSERT_TRUE(guest);
  std::ofstream(cpuset->folder() + "/cgroup.procs") << guest->pid();
  ASSERT_EQ(verify(*guest).status, 0);
  ASSERT_TRUE(cpuset->set_cpus(a));
  const Ended found = verify(*guest);
  EXPECT_EQ(found.status, 1) << found.errors;
  const std::string group = cpuset->folder().substr(cpuset->folder().rfind('/'));
  EXPECT_TRUE(has(found.output, "vcpu 1 (thread " + std::to_string(vcpu(*guest, 1)) +
                                    "): asked host CPU " + b + ", found host CPU " + a +
                                    ": its cpuset "))
      << found.output;
  EXPECT_TRUE(has(found.output, group + " has only host CPU " + a + "\n")) << found.output;
}

TEST_P(VerifyTest, ACpuThatWentOfflineIsNamed) {
  auto guest = machine();
  ASSERT_TRUE(guest);
  const auto offline = OfflineCpu::take(b);
  if (!offline)
    GTEST_SKIP() << offline.error().message;
  const Ended found = verify(*guest);
  EXPECT_EQ(found.status, 1);
  EXPECT_TRUE(has(found.output, ": host CPU " + b + " is offline\n")) << found.output;
}

TEST_P(VerifyTest, AnotherPolicyIsNamed) {
  auto guest = machine();
  ASSERT_TRUE(guest);
  const pid_t thread = vcpu(*guest, 0);
  ASSERT_EQ(run_program({"chrt", "--batch", "-p", "0", std::to_string(thread)}).status, 0);
  EXPECT_EQ(verify(*guest).status, 0) << "no policy was asked for";
  const Ended found = qemu_pin_program({"verify", "-q", std::to_string(guest->pid()), "--", "-vcpu",
                                        "0,affinity=" + a + ",sched=other"});
  EXPECT_EQ(found.status, 1);
  EXPECT_EQ(found.output, "vcpu 0 (thread " + std::to_string(thread) + "): asked host CPU " + a +
                              ", other, found host CPU " + a +
                              ", batch: scheduled anew from outside\n");
}

/* In a stock QEMU, KVM's helper inherits the pin of the first vCPU that runs. */
TEST_P(VerifyStrayThread, IsNamed) {
  auto guest = Guest::start(spec({"-S", "-name", "verify,debug-threads=on"}));
  ASSERT_TRUE(guest) << guest.error().message;
  ASSERT_EQ(
      qemu_pin_program({"set", std::to_string(guest->pid()), "vcpu=0:" + a, "vcpu=1:" + a}).status,
      0);
  ASSERT_TRUE(guest->monitor().execute("cont"));
  ASSERT_TRUE(guest->wait_reported(2));
  for (const bool emulator_asked : {true, false}) {
    std::vector<std::string> asked = {"verify",
                                      "-q",
                                      std::to_string(guest->pid()),
                                      "--",
                                      "-vcpu",
                                      "0,affinity=" + a,
                                      "-vcpu",
                                      "1,affinity=" + a};
    if (emulator_asked)
      asked.insert(asked.end(), {"-emulatorpin", "affinity=" + both()});
    const Ended found = qemu_pin_program(asked);
    EXPECT_EQ(found.status, 1) << found.errors;
    EXPECT_TRUE(found.output.starts_with("kvm (thread ")) << found.output;
    EXPECT_TRUE(
        has(found.output, "found host CPU " + a + ": a stray thread with the pin of vcpu 0\n"))
        << found.output;
  }
}

TEST_P(VerifyTest, WhatElseRunsThereIsToldAndIsNoDifference) {
  auto guest = machine();
  ASSERT_TRUE(guest);
  Command command{{"sh", "-c", "while :; do :; done"}, "", ""};
  command.affinity = {static_cast<unsigned>(std::stoul(b))};
  auto hog = Child::start(command);
  ASSERT_TRUE(hog) << hog.error().message;
  /* A shell that has become one runs. */
  ASSERT_TRUE(comes_true([&] {
    auto usage = qemu_pin::Procfs().usage(hog->pid(), hog->pid());
    return usage && *usage && (*usage)->run_ns > 100'000'000;
  }));
  const Ended found = verify(*guest, {"--json"});
  EXPECT_EQ(found.status, 0) << found.output;
  const auto report = qemu_pin::parse_json(found.output);
  bool is_hog_there = false, is_timer_there = false;
  for (const auto &stranger : report["shared"]["threads"])
    if (stranger["pid"] == hog->pid()) {
      is_hog_there = true;
      EXPECT_EQ(stranger["cpus"], b);
      EXPECT_EQ(stranger["name"], "sh");
      EXPECT_GT(stranger["run_ns"].get<std::uint64_t>(), 0U);
    } else {
      EXPECT_NE(stranger["pid"], guest->pid());
    }
  for (const auto &interrupt : report["shared"]["interrupts"])
    is_timer_there = is_timer_there || interrupt["label"] == "LOC";
  EXPECT_TRUE(is_hog_there);
  EXPECT_TRUE(is_timer_there);
  /* Ten are named, those that ran longest: on a busy host others than ours. */
  const std::string told = verify(*guest, {}).output;
  EXPECT_TRUE(has(told, "shared: host CPU " + b + ": sh (process " + std::to_string(hog->pid()) +
                            ") ran ") ||
              has(told, " threads more\n"))
      << told;
}

TEST_P(VerifyTest, AWatchEndsAsSoonAsSomethingDiffers) {
  auto guest = machine();
  ASSERT_TRUE(guest);
  auto watch = watching(*guest);
  ASSERT_TRUE(watch);
  move(vcpu(*guest, 0), b);
  EXPECT_EQ(watch->wait(), 1);
  EXPECT_TRUE(read_text(files->file("output")).starts_with("vcpu 0 (thread "));
}

TEST_P(VerifyTest, AWatchEndsWithTheMachine) {
  auto guest = machine();
  ASSERT_TRUE(guest);
  auto watch = watching(*guest);
  ASSERT_TRUE(watch);
  guest.reset();
  EXPECT_EQ(watch->wait(), 0) << read_text(files->file("errors"));
  EXPECT_TRUE(has(read_text(files->file("output")), ": as asked until it ended\n"));
}

TEST_P(VerifyTest, AWatchThatIsInterruptedSaysWhatItSaw) {
  auto guest = machine();
  ASSERT_TRUE(guest);
  auto watch = watching(*guest);
  ASSERT_TRUE(watch);
  watch->signal(SIGINT);
  EXPECT_EQ(watch->wait(), 0);
  EXPECT_TRUE(has(read_text(files->file("output")), ": as asked ("));
}

TEST_P(VerifyTest, ThreadsThatAreNotThereAreDifferences) {
  auto guest = machine();
  ASSERT_TRUE(guest);
  const Ended found = qemu_pin_program({"verify", "-q", std::to_string(guest->pid()), "--", "-vcpu",
                                        "7,affinity=" + a, "-iothreadpin", "io9,affinity=" + a});
  EXPECT_EQ(found.status, 1);
  EXPECT_EQ(found.output, "vcpu 7: asked host CPU " + a +
                              ", found no such vCPU: not plugged\n"
                              "iothread io9: asked host CPU " +
                              a + ", found no such iothread: removed, or never added\n");
}

TEST_P(VerifyTest, WithoutPinsThereIsNothingToVerify) {
  auto guest = started(spec({"-name", "verify,debug-threads=on"}));
  ASSERT_TRUE(guest);
  const std::string pid = std::to_string(guest->pid());
  const Ended found = qemu_pin_program({"verify", pid});
  EXPECT_EQ(found.status, 2);
  EXPECT_TRUE(found.errors.starts_with("qemu-pin: process " + pid + " ")) << found.errors;
}

INSTANTIATE_TEST_SUITE_P(Machine, VerifyTest, testing::ValuesIn(qemus()), qemu_name);
INSTANTIATE_TEST_SUITE_P(Machine, VerifyStrayThread,
                         testing::ValuesIn(with_accelerator(stock_qemus(), "kvm")), qemu_name);

} // namespace
