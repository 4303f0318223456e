/*
 * qemu-pin run: a stock QEMU pinned as the patched one pins itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "run_test.h"

namespace {

/* What is the same for a QEMU that is patched. */
class RunAny : public RunTest {};
/* What run does itself. */
class RunStock : public RunTest {};
/* Those that can run all vCPUs on one thread. */
class RunOneThread : public RunTest {};

} // namespace

TEST_P(RunAny, EveryThreadHasWhatWasAskedForIt) {
  auto guest = started(by_run(everything()));
  ASSERT_TRUE(guest);
  EXPECT_EQ(lasting(guest->monitor(), everything_asked()), none);
}

TEST_P(RunAny, ThreadsThatNobodyNamedKeepWhatQemuWasStartedWith) {
  auto guest = started(by_run({"-vcpu", "0,affinity=" + b}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(lasting(guest->monitor(), {{{0, {b}}, {1, {start}}}, {start}}), none);
}

TEST_P(RunAny, TheExitStatusIsQemus) {
  Child qemu_pin = start_line(line(vcpus()));
  {
    auto monitor = connect_when_ready(files->file("qmp"), qemu_pin);
    ASSERT_TRUE(monitor) << file_text("errors");
    EXPECT_TRUE(monitor->execute("quit"));
  }
  EXPECT_EQ(qemu_pin.wait(), 0);

  Child killed = start_line(line(vcpus()));
  auto monitor = connect_when_ready(files->file("qmp"), killed);
  ASSERT_TRUE(monitor) << file_text("errors");
  kill(qemu_of(*monitor), SIGABRT);
  /* Not just a status that says so. */
  siginfo_t end{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(killed.pid()), &end, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(end.si_code == CLD_KILLED || end.si_code == CLD_DUMPED);
  EXPECT_EQ(end.si_status, SIGABRT);
}

TEST_P(RunAny, AQemuThatDiesEarlySpeaksForItself) {
  Lines more = vcpus();
  more.emplace_back("-bogus");
  const Ended ended = run_program(line(more));
  EXPECT_EQ(ended.status, 1);
  EXPECT_NE(ended.errors.find("-bogus: invalid option"), std::string::npos);
  EXPECT_EQ(ended.errors.find("qemu-pin"), std::string::npos) << ended.errors;
}

TEST_P(RunAny, TheStandardStreamsAreQemus) {
  /* The monitor is asked until the guest runs, which qemu-pin begins only then. */
  Lines argv = {"sh", "-c",
                "(printf '\\001c'; until grep -q 'VM status: running' \"$0\"; do echo info status; "
                "sleep 0.2; done; echo quit) | \"$@\"",
                files->file("output")};
  for (const std::string &word :
       {std::string(QEMU_PIN), std::string("run"), std::string("--"), GetParam().path,
        std::string("-accel"), GetParam().accelerator, std::string("-nographic"), std::string("-m"),
        std::string("16"), std::string("-bios"), std::string(GUEST_IMAGE), std::string("-vcpu"),
        "0,affinity=" + b})
    argv.push_back(word);
  Child qemu_pin = start_line(argv);
  EXPECT_EQ(qemu_pin.wait(), 0) << file_text("output") << file_text("errors");
}

TEST_P(RunAny, SigtermEndsTheGuest) {
  Child qemu_pin = start_line(line(vcpus()));
  auto monitor = connect_when_ready(files->file("qmp"), qemu_pin);
  ASSERT_TRUE(monitor) << file_text("errors");
  ASSERT_TRUE(wait_reported(2));
  const pid_t qemu = qemu_of(*monitor);
  qemu_pin.signal(SIGTERM);
  EXPECT_EQ(qemu_pin.wait(), 0);
  EXPECT_TRUE(is_gone(qemu));
  EXPECT_FALSE(std::filesystem::exists(files->file("qmp")));
}

TEST_P(RunAny, DashSIsLeftToTheUser) {
  Lines more = everything();
  more.emplace_back("-S");
  Child qemu_pin = start_line(line(more));
  auto monitor = connect_when_ready(files->file("qmp"), qemu_pin);
  ASSERT_TRUE(monitor) << file_text("errors");
  EXPECT_EQ(lasting(*monitor, everything_asked()), none);
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(status(*monitor), "prelaunch");
  EXPECT_EQ(file_text("debug"), "");
  EXPECT_TRUE(monitor->execute("cont"));
  EXPECT_TRUE(wait_reported(2));
  EXPECT_EQ(lasting(*monitor, everything_asked()), none);
}

TEST_P(RunAny, ADaemonRunsOnPinned) {
  const Orphans orphans;
  Lines more = everything();
  more.insert(more.end(), {"-daemonize", "-pidfile", files->file("pid")});
  const Ended ended = run_program(line(more));
  ASSERT_EQ(ended.status, 0) << ended.errors;
  Child daemon = Child::adopt(std::stoi(file_text("pid")));
  ASSERT_TRUE(wait_reported(2));
  auto monitor = connect_when_ready(files->file("qmp"), daemon);
  ASSERT_TRUE(monitor) << monitor.error().message;
  EXPECT_EQ(lasting(*monitor, everything_asked()), none);
  /* And nobody but it is left. */
  EXPECT_EQ(qemu_of(*monitor), daemon.pid());
  EXPECT_TRUE(monitor->execute("quit"));
  EXPECT_EQ(daemon.wait(), 0);
  EXPECT_FALSE(Orphans::left_behind());
}

TEST_P(RunAny, ThePreconfiguredMachineIsTheUsers) {
  Lines more = vcpus();
  more.insert(more.end(), {"-preconfig", "-iothreadpin", "io0,affinity=" + b});
  Child qemu_pin = start_line(line(more));
  auto monitor = connect_when_ready(files->file("qmp"), qemu_pin);
  ASSERT_TRUE(monitor) << file_text("errors");
  std::this_thread::sleep_for(300ms);
  EXPECT_TRUE(monitor->execute("object-add", {{"qom-type", "iothread"}, {"id", "io0"}}));
  EXPECT_TRUE(monitor->execute("x-exit-preconfig"));
  EXPECT_TRUE(wait_reported(2)) << file_text("errors");
  EXPECT_EQ(lasting(*monitor, {{{0, {b}}, {1, {a}}}, {start}, {{"io0", {b}}}}), none);
}

TEST_P(RunAny, AVcpuIsPinnedWhenItIsPlugged) {
  GuestSpec spec = by_run(vcpus());
  spec.smp = "1,maxcpus=2";
  Child qemu_pin = start_line(command_line(spec, files->path()));
  auto monitor = connect_when_ready(files->file("qmp"), qemu_pin);
  ASSERT_TRUE(monitor) << file_text("errors");
  ASSERT_TRUE(wait_reported(1));
  const auto plugged = plug_all_vcpus(*monitor);
  EXPECT_TRUE(plugged) << plugged.error().message;
  EXPECT_EQ(lasting(*monitor, {{{0, {b}}, {1, {a}}}, {start}}), none);
  /* Nor is it taken for a thread of another's making, before qemu-pin has done with QEMU. */
  const std::string left = left_of_private_monitor(*monitor);
  EXPECT_TRUE(left.empty() || left.starts_with("disconnected")) << left;
  EXPECT_EQ(lasting(*monitor, {{{0, {b}}, {1, {a}}}, {start}}), none);
}

TEST_P(RunAny, APatchedQemuAndOneWithoutPinsAreExecuted) {
  auto guest = started(by_run(GetParam().patched ? vcpus() : none));
  ASSERT_TRUE(guest);
  EXPECT_EQ(std::filesystem::read_symlink("/proc/" + std::to_string(guest->pid()) + "/exe"),
            std::filesystem::canonical(GetParam().path));
}

TEST_P(RunStock, WhatIsWrongIsToldBeforeQemuIsStarted) {
  /* It is asked for its options, and leaves word when it is started otherwise. */
  const std::string qemu = stand_in("[ \"$1\" = -help ] || touch " + files->file("started") + "\n");
  const auto errors = [&](const Lines &more) {
    Lines arguments = {"run", "--", qemu, "-smp", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ended ended = qemu_pin_program(arguments);
    EXPECT_EQ(ended.status, 2);
    return ended.errors;
  };
  const auto names = [&](const Lines &more, const std::string &piece) {
    const std::string said = errors(more);
    EXPECT_TRUE(said.starts_with("qemu-pin: " + piece)) << said;
  };
  names({"-vcpu", "9,affinity=" + a}, "-vcpu 9,affinity=" + a + ": vCPU 9 ");
  names({"-vcpu", "0,affinity=99999"}, "-vcpu 0,affinity=99999: host CPU 99999 ");
  names({"-vcpu", "0,affinity=" + a, "-vcpu", "0,affinity=" + b},
        "-vcpu 0,affinity=" + b + ": vCPU 0 ");
  names({"-iothreadpin", "io0"}, "-iothreadpin io0: affinity ");
  EXPECT_FALSE(std::filesystem::exists(files->file("started")));
}

TEST_P(RunStock, ArgumentsAreLeftAsTheyAre) {
  const std::string qemu = stand_in("[ \"$1\" = -help ] && exit\n"
                                    "for word; do printf '<%s>' \"$word\"; done\n");
  const Lines odd = {"a b", "", "--", "{}", "[x,y]", "-q", "plan", "-h"};
  Lines arguments = {"run", "--", qemu};
  arguments.insert(arguments.end(), odd.begin(), odd.end());
  const std::string same = "<a b><><--><{}><[x,y]><-q><plan><-h>";
  EXPECT_EQ(qemu_pin_program(arguments).output, same);
  arguments.insert(arguments.end(), {"-vcpu", "0,affinity=" + a});
  EXPECT_TRUE(qemu_pin_program(arguments).output.starts_with(same + "<-S><-readconfig>"));
}

TEST_P(RunStock, AQemuThatCannotBeExecutedIsNamed) {
  const Ended missing =
      qemu_pin_program({"run", "--", "/nowhere/qemu", "-vcpu", "0,affinity=" + a});
  EXPECT_EQ(missing.status, 2);
  EXPECT_TRUE(missing.errors.starts_with("qemu-pin: /nowhere/qemu: ")) << missing.errors;
}

TEST_P(RunStock, IfPinningFailsTheGuestNeverRuns) {
  const Orphans orphans;
  expect_refused({"-iothreadpin", "io9,affinity=" + a},
                 "-iothreadpin io9,affinity=" + a + ": there is no iothread 'io9'");
  EXPECT_FALSE(Orphans::left_behind());
  expect_refused({"-iothreadpin", "io9,affinity=" + a, "-daemonize"},
                 "-iothreadpin io9,affinity=" + a + ": there is no iothread 'io9'");
  EXPECT_FALSE(Orphans::left_behind());
}

TEST_P(RunOneThread, HasOnePin) {
  GuestSpec spec = by_run(vcpus());
  spec.accelerator = "tcg,thread=single";
  const Ended ended = run_program(command_line(spec, files->path()));
  EXPECT_EQ(ended.status, 2);
  EXPECT_TRUE(ended.errors.starts_with("qemu-pin: -vcpu 1,affinity=" + a + ": vCPU 1 "))
      << ended.errors;
  EXPECT_NE(ended.errors.find("-vcpu 0,affinity=" + b), std::string::npos) << ended.errors;
  EXPECT_EQ(file_text("debug"), "");
}

TEST_P(RunStock, NothingIsLeftToReach) {
  Lines more = everything();
  auto guest = started(by_run(more));
  ASSERT_TRUE(guest);
  ASSERT_EQ(lasting(guest->monitor(), everything_asked()), none);
  const std::string left = left_of_private_monitor(guest->monitor());
  EXPECT_TRUE(left.starts_with("disconnected")) << left;
}

TEST_P(RunStock, ItKeepsItselfOffTheVcpus) {
  auto guest = started(by_run({"-vcpu", "0,affinity=" + b, "-emulatorpin", "affinity=" + a}));
  ASSERT_TRUE(guest);
  std::string own;
  comes_true([&] {
    own = (*qemu_pin::Procfs().allowed_cpus(guest->pid(), guest->pid()))->list;
    return own == a;
  });
  EXPECT_EQ(own, a);
}

INSTANTIATE_TEST_SUITE_P(Run, RunAny, testing::ValuesIn(qemus()), qemu_name);
INSTANTIATE_TEST_SUITE_P(Run, RunStock, testing::ValuesIn(stock_qemus()), qemu_name);
INSTANTIATE_TEST_SUITE_P(Run, RunOneThread,
                         testing::ValuesIn(with_accelerator(stock_qemus(), "tcg")), qemu_name);
