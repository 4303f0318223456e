/*
 * Threads that another program moves before or between the guest's starts, as a manager
 * does that starts QEMU with -S.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "harness/cpuset.h"
#include "pinning_test.h"

#include <filesystem>
#include <sched.h>
#include <sstream>

namespace {

using qemu_pin::Procfs;

const std::vector<std::string> sandbox = {"-sandbox", "on,resourcecontrol=deny"};

class ReadBack : public PinningTestWithFiles {
protected:
  GuestSpec machine() const {
    return with(pinned({{0, b}, {1, a}}),
                {"-emulatorpin", "affinity=" + a, "-object", "iothread,id=iothread1",
                 "-iothreadpin", "iothread1,affinity=" + b});
  }
  Asked asked() const { return {{{0, {b}}, {1, {a}}}, {a}, {{"iothread1", {b}}}}; }

  static pid_t thread(Guest &guest, const std::string &name) {
    auto id = guest.monitor().execute(
        "qom-get", {{"path", "/machine/pinning/" + name}, {"property", "thread-id"}});
    return id ? id->get<pid_t>() : -1;
  }

  static std::string set(Guest &guest, const std::string &name, const std::string &cpus) {
    return execute(
        guest, "qom-set",
        {{"path", "/machine/pinning/" + name}, {"property", "affinity"}, {"value", cpus}});
  }

  /* From outside, as taskset does. */
  static void move(pid_t thread, const std::vector<unsigned> &cpus) {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    for (const unsigned cpu : cpus)
      CPU_SET(cpu, &mask);
    ASSERT_EQ(sched_setaffinity(thread, sizeof mask, &mask), 0);
  }
  void move_all(Guest &guest) const {
    auto threads = Procfs().thread_ids(guest.pid());
    ASSERT_TRUE(threads);
    for (const pid_t thread : *threads)
      move(thread, {usable[0], usable[1]});
  }

  static std::size_t count(const std::string &text, const std::string &part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
      ++found;
    return found;
  }

  /* "vCPU 0 (thread 4711): asked host CPU 1, found host CPUs 0-1" */
  std::string difference(Guest &guest, const std::string &role, const std::string &name,
                         const std::string &cpu) const {
    return role + " (thread " + std::to_string(thread(guest, name)) + "): asked host CPU " + cpu +
           ", found host CPUs " + both;
  }

  /* Without QEMU's, and without ours of pins that are allowed and still a mistake. */
  static std::string without_warnings(const std::string &text) {
    std::istringstream lines(text);
    std::string rest;
    for (std::string line; std::getline(lines, line);)
      if (line.find(": warning: ") == std::string::npos)
        rest += line + "\n";
    return rest;
  }

  /* QEMU has ended because of that, said in one line, and no guest code has run. */
  static void expect_ended(Guest &guest, const std::string &line) {
    EXPECT_EQ(guest.wait_end(), 1);
    EXPECT_EQ(without_warnings(guest.errors()), line + "\n");
    EXPECT_EQ(guest.reported(), "");
  }
  static std::string cannot(const std::string &elements) {
    return ": another program changed that, and QEMU cannot change it back: -sandbox "
           "resourcecontrol=deny forbids it; ask that program for the same, libvirt with " +
           elements + " (qemu-pin plan --format libvirt prints it)";
  }
  std::string led_by(const std::string &option) const {
    return std::filesystem::path(GetParam().qemu).filename().native() + ": " + option + ": ";
  }
};

} // namespace

TEST_P(ReadBack, WhatWasMovedBeforeTheFirstInstructionIsPutBackAndSaid) {
  auto guest = started(with(machine(), {"-S"}));
  ASSERT_TRUE(guest);
  move_all(*guest);
  const std::string emulator = difference(*guest, "the emulator", "emulator", a);
  EXPECT_EQ(execute(*guest, "cont"), "");
  EXPECT_EQ(differences(*guest, asked()), none);
  EXPECT_TRUE(guest->wait_reported(2));
  EXPECT_EQ(lasting_differences(*guest, asked()), none);
  EXPECT_NE(guest->errors().find(emulator + ": put back, as were 3 more threads\n"),
            std::string::npos)
      << guest->errors();
}

TEST_P(ReadBack, WhatIsAsAskedIsNotTalkedAbout) {
  auto guest = started(with(with(machine(), sandbox), {"-S"}));
  ASSERT_TRUE(guest);
  move(thread(*guest, "vcpu[0]"), {usable[1]});
  move(thread(*guest, "iothread[iothread1]"), {usable[1]});
  move(thread(*guest, "emulator"), {usable[0]});
  EXPECT_EQ(execute(*guest, "cont"), "");
  EXPECT_TRUE(guest->wait_reported(2));
  EXPECT_EQ(differences(*guest, asked()), none);
  EXPECT_EQ(guest->errors().find("thread "), std::string::npos) << guest->errors();
}

TEST_P(ReadBack, UnderASandboxAMovedVcpuEndsQemuBeforeTheFirstInstruction) {
  auto guest = started(with(with(machine(), sandbox), {"-S"}));
  ASSERT_TRUE(guest);
  move(thread(*guest, "vcpu[0]"), {usable[0], usable[1]});
  const std::string line = led_by("-vcpu 0,affinity=" + b) +
                           difference(*guest, "vCPU 0", "vcpu[0]", b) +
                           cannot("<vcpupin vcpu='0' cpuset='" + b + "'/>");
  EXPECT_NE(execute(*guest, "cont"), "");
  expect_ended(*guest, line);
}

TEST_P(ReadBack, UnderASandboxAMovedIothreadOrEmulatorEndsQemuToo) {
  auto guest = started(with(with(machine(), sandbox), {"-S"}));
  ASSERT_TRUE(guest);
  move(thread(*guest, "iothread[iothread1]"), {usable[0], usable[1]});
  std::string line = led_by("-iothreadpin iothread1,affinity=" + b) +
                     difference(*guest, "iothread 'iothread1'", "iothread[iothread1]", b) +
                     cannot("<iothreadpin iothread='1' cpuset='" + b + "'/>");
  EXPECT_NE(execute(*guest, "cont"), "");
  expect_ended(*guest, line);

  guest = started(with(with(machine(), sandbox), {"-S"}));
  ASSERT_TRUE(guest);
  move(guest->pid(), {usable[0], usable[1]});
  line = led_by("-emulatorpin affinity=" + a) + difference(*guest, "the emulator", "emulator", a) +
         cannot("<emulatorpin cpuset='" + a + "'/>");
  /* By the human monitor, which ends with QEMU and could not pass the line on. */
  hmp(*guest, "cont");
  expect_ended(*guest, line);
}

TEST_P(ReadBack, UnderASandboxALaterStartWarnsOnceAndGoesOn) {
  auto guest = running(with(machine(), sandbox));
  ASSERT_TRUE(guest);
  const std::string line = difference(*guest, "vCPU 1", "vcpu[1]", a);
  move(thread(*guest, "vcpu[1]"), {usable[0], usable[1]});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(execute(*guest, "stop"), "");
    EXPECT_EQ(execute(*guest, "cont"), "");
  }
  EXPECT_EQ(count(guest->errors(), line), 1U) << guest->errors();
  EXPECT_NE(guest->errors().find("warning: "), std::string::npos);
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {both}}}, {a}, {{"iothread1", {b}}}}), none);
}

TEST_P(ReadBack, ALaterStartPutsBack) {
  auto guest = running(machine());
  ASSERT_TRUE(guest);
  EXPECT_EQ(execute(*guest, "stop"), "");
  move_all(*guest);
  EXPECT_EQ(execute(*guest, "cont"), "");
  EXPECT_EQ(differences(*guest, asked()), none);
  EXPECT_EQ(count(guest->errors(), ": put back"), 1U) << guest->errors();
}

TEST_P(ReadBack, WhatIsSetOverTheTreeIsWhatIsAsked) {
  auto guest = running(machine());
  ASSERT_TRUE(guest);
  EXPECT_EQ(set(*guest, "vcpu[0]", a), "");
  EXPECT_EQ(set(*guest, "iothread[iothread1]", both), "");
  EXPECT_EQ(set(*guest, "emulator", b), "");
  const Asked set_so = {{{0, {a}}, {1, {a}}}, {b}, {{"iothread1", {both}}}};
  EXPECT_EQ(execute(*guest, "stop"), "");
  EXPECT_EQ(execute(*guest, "cont"), "");
  EXPECT_EQ(differences(*guest, set_so), none);
  EXPECT_EQ(guest->errors().find(": put back"), std::string::npos) << guest->errors();
  move(thread(*guest, "vcpu[0]"), {usable[1]});
  EXPECT_EQ(execute(*guest, "stop"), "");
  EXPECT_EQ(execute(*guest, "cont"), "");
  EXPECT_EQ(differences(*guest, set_so), none);
}

TEST_P(ReadBack, AMachineWithoutOptionsIsLeftAloneExceptWhereAUserPinnedIt) {
  auto guest = started(spec({"-S"}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(set(*guest, "vcpu[1]", b), "");
  for (const char *name : {"vcpu[0]", "vcpu[1]"})
    move(thread(*guest, name), {usable[0]});
  EXPECT_EQ(execute(*guest, "cont"), "");
  EXPECT_EQ(masks(*guest), (Masks{{0, a}, {1, b}}));
}

/* A manager may pin what no option names. */
TEST_P(ReadBack, AThreadThatNoOptionNamesIsLeftAlone) {
  auto guest = started(with(pinned({{0, b}}), {"-emulatorpin", "affinity=" + a, "-S"}));
  ASSERT_TRUE(guest);
  move(thread(*guest, "vcpu[1]"), {usable[0]});
  EXPECT_EQ(execute(*guest, "cont"), "");
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {a}}}, {a}}), none);
  EXPECT_EQ(without_cpu_warnings(guest->errors()), "");
}

TEST_P(ReadBack, APolicyIsPutBackWhereOneWasAskedForAndOnlyThere) {
  if (!may_be_fifo())
    GTEST_SKIP() << "no right to real-time scheduling";
  auto guest =
      started(with(pinned({{1, a}}), {"-vcpu", "0,affinity=" + b + ",sched=rr,priority=2", "-S"}));
  ASSERT_TRUE(guest);
  sched_param one{};
  one.sched_priority = 1;
  for (const char *name : {"vcpu[0]", "vcpu[1]"})
    ASSERT_EQ(sched_setscheduler(thread(*guest, name), SCHED_FIFO, &one), 0);
  EXPECT_EQ(execute(*guest, "cont"), "");
  EXPECT_EQ(differences(*guest, {{{0, {b, "rr 2"}}, {1, {a, "fifo 1"}}}, {start}}), none);
  EXPECT_NE(guest->errors().find("asked host CPU " + b + " as rr, priority 2, found host CPU " + b +
                                 " as fifo, priority 1: put back\n"),
            std::string::npos)
      << guest->errors();
}

TEST_P(ReadBack, UnderASandboxTheLineNamesThePolicyToo) {
  if (!may_be_fifo())
    GTEST_SKIP() << "no right to real-time scheduling";
  auto guest = started(
      with(with(spec({"-vcpu", "0,affinity=" + b + ",sched=fifo,priority=3"}), sandbox), {"-S"}));
  ASSERT_TRUE(guest);
  sched_param zero{};
  ASSERT_EQ(sched_setscheduler(thread(*guest, "vcpu[0]"), SCHED_OTHER, &zero), 0);
  EXPECT_NE(execute(*guest, "cont"), "");
  EXPECT_EQ(guest->wait_end(), 1);
  EXPECT_NE(guest->errors().find("<vcpupin vcpu='0' cpuset='" + b +
                                 "'/> and <vcpusched vcpus='0' scheduler='fifo' priority='3'/>"),
            std::string::npos)
      << guest->errors();
}

TEST_P(ReadBack, AWiderCpusetIsNoDifference) {
  auto cpuset = Cpuset::make(b);
  if (!cpuset)
    GTEST_SKIP() << "no cpuset can be made: " << cpuset.error().message;
  GuestSpec spec = with(with(pinned({{0, b}, {1, b}}), sandbox), {"-S"});
  spec.cgroup = cpuset->folder();
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  ASSERT_TRUE(cpuset->set_cpus(both));
  EXPECT_EQ(execute(*guest, "cont"), "");
  EXPECT_TRUE(guest->wait_reported(2));
  EXPECT_EQ(masks(*guest), (Masks{{0, b}, {1, b}}));
}

/* Not for the sandbox: for the kernel, which cannot run the thread there. */
TEST_P(ReadBack, ACpusetThatWasNarrowedEndsQemuBeforeTheFirstInstruction) {
  auto cpuset = Cpuset::make(both);
  if (!cpuset)
    GTEST_SKIP() << "no cpuset can be made: " << cpuset.error().message;
  GuestSpec spec = with(pinned({{0, b}}), {"-S"});
  spec.cgroup = cpuset->folder();
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  ASSERT_TRUE(cpuset->set_cpus(a));
  EXPECT_NE(execute(*guest, "cont"), "");
  EXPECT_EQ(guest->wait_end(), 1);
  EXPECT_NE(guest->errors().find("asked host CPU " + b + ", found host CPU " + a),
            std::string::npos)
      << guest->errors();
  EXPECT_NE(guest->errors().find("no such CPU is online in this process's cpuset"),
            std::string::npos)
      << guest->errors();
  EXPECT_EQ(guest->reported(), "");
}

TEST_P(ReadBack, AGuestThatMigratesInIsReadBackToo) {
  auto source = running(machine());
  ASSERT_TRUE(source);
  EXPECT_EQ(execute(*source, "migrate", {{"uri", "exec:cat > " + files_->file("state")}}), "");
  ASSERT_TRUE(comes_to(*source, "query-migrate", "completed"));
  source.reset();
  for (const bool sandboxed : {false, true}) {
    auto guest = started(with(with(machine(), {"-incoming", "defer"}), sandboxed ? sandbox : none));
    ASSERT_TRUE(guest);
    move_all(*guest);
    EXPECT_EQ(execute(*guest, "migrate-incoming", {{"uri", "exec:cat " + files_->file("state")}}),
              "");
    if (sandboxed) {
      EXPECT_EQ(guest->wait_end(), 1) << guest->errors();
    } else {
      EXPECT_TRUE(comes_true([&] { return differences(*guest, asked()) == none; }))
          << guest->errors();
    }
  }
}

TEST_P(ReadBack, LoadingASnapshotAndAResetPutBack) {
  auto guest = running(with_snapshots(machine()));
  ASSERT_TRUE(guest);
  EXPECT_EQ(hmp(*guest, "savevm here"), "");
  move_all(*guest);
  hmp(*guest, "loadvm here");
  EXPECT_EQ(differences(*guest, asked()), none);
  const std::size_t before = guest->reported().size();
  move_all(*guest);
  EXPECT_EQ(execute(*guest, "system_reset"), "");
  EXPECT_TRUE(guest->wait_reported(before + 2)) << guest->reported();
  EXPECT_EQ(differences(*guest, asked()), none);
}

/* One thread, two objects: the last word counts for both. */
TEST_P(SharedThread, WhatIsSetForOneVcpuIsAskedOfAll) {
  auto guest = running(pinned({{0, b}}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(execute(*guest, "qom-set",
                    {{"path", "/machine/pinning/vcpu[1]"}, {"property", "affinity"}, {"value", a}}),
            "");
  EXPECT_EQ(execute(*guest, "stop"), "");
  EXPECT_EQ(execute(*guest, "cont"), "");
  EXPECT_EQ(masks(*guest), (Masks{{0, a}, {1, a}}));
  EXPECT_EQ(guest->errors(), "");
}

INSTANTIATE_TEST_SUITE_P(Pinning, ReadBack,
                         testing::ValuesIn(machines({"kvm", "tcg,thread=multi"})), machine_name);
