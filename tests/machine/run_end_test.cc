/*
 * qemu-pin run: how it ends, and that nothing is left of the guest.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "run_test.h"

namespace {

class RunEnd : public RunTest {};

} // namespace

TEST_P(RunEnd, AQemuThatNeverAnswersIsEnded) {
  const std::string qemu = stand_in("[ \"$1\" = -help ] && exit\necho $$ >" + files->file("pid") +
                                    "\nexec sleep 10000\n");
  const auto errors = [&](const Lines &options) {
    Lines arguments = {"run"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), {"--", qemu, "-vcpu", "0,affinity=" + a});
    Ended ended;
    write_text(files->file("pid"), "");
    /* Again on a machine so busy that QEMU does not get to writing its id in time. */
    EXPECT_TRUE(comes_true([&] {
      ended = qemu_pin_program(arguments);
      return !file_text("pid").empty();
    }));
    EXPECT_EQ(ended.status, 2);
    EXPECT_TRUE(is_gone(std::stoi("0" + file_text("pid"))));
    return ended.errors;
  };
  EXPECT_EQ(errors({"--timeout", "5"}), "qemu-pin: waiting for QEMU to answer\n"
                                        "qemu-pin: QEMU did not answer within 5 s\n");
  EXPECT_EQ(errors({"-q", "--timeout=5"}), "qemu-pin: QEMU did not answer within 5 s\n");
}

TEST_P(RunEnd, AQemuThatDoesNotEvenTellItsOptionsIsEnded) {
  const std::string qemu = stand_in("exec sleep 10000\n");
  const Ended ended =
      qemu_pin_program({"run", "--timeout", "1", "--", qemu, "-vcpu", "0,affinity=" + a});
  EXPECT_EQ(ended.status, 2);
  EXPECT_NE(ended.errors.find("-help does not end"), std::string::npos) << ended.errors;
}

TEST_P(RunEnd, SignalsReachAQemuThatDoesNotAnswerYet) {
  const std::string qemu = stand_in("[ \"$1\" = -help ] && exit\n"
                                    "trap 'echo usr1; kill $!; exit 7' USR1\n"
                                    "sleep 10000 &\necho ready; wait\n");
  Child qemu_pin = start_line({QEMU_PIN, "run", "--", qemu, "-vcpu", "0,affinity=" + a});
  ASSERT_TRUE(comes_true([&] { return file_text("output") == "ready\n"; }));
  qemu_pin.signal(SIGUSR1);
  EXPECT_EQ(qemu_pin.wait(), 7);
  EXPECT_EQ(file_text("output"), "ready\nusr1\n");
}

/* Also when it is told just before the time for its answer is up. */
TEST_P(RunEnd, AQemuThatIsToldToEndHasTimeTo) {
  const std::string qemu = stand_in("[ \"$1\" = -help ] && exit\n"
                                    "trap 'sleep 1; exit 7' TERM\n"
                                    "echo ready\nwhile :; do sleep 0.01; done\n");
  std::optional<int> status;
  /* Again on a machine so busy that the second is over before QEMU is told. */
  ASSERT_TRUE(comes_true([&] {
    Child qemu_pin =
        start_line({QEMU_PIN, "run", "--timeout", "1", "--", qemu, "-vcpu", "0,affinity=" + a});
    comes_true([&] { return file_text("output") == "ready\n" || qemu_pin.wait(0ms); });
    qemu_pin.signal(SIGTERM);
    status = qemu_pin.wait();
    return status == 7;
  })) << file_text("errors");
  EXPECT_EQ(file_text("errors"), "");
}

TEST_P(RunEnd, NoGuestOutlivesUs) {
  const Orphans orphans;
  std::vector<Lines> ways = {vcpus()};
  if (geteuid() == 0) {
    /* Which makes Linux forget whose child it is. */
    ways.push_back(vcpus());
    ways.back().insert(ways.back().end(), {"-runas", "nobody"});
  }
  for (const Lines &more : ways) {
    Child qemu_pin = start_line(line(more));
    auto monitor = connect_when_ready(files->file("qmp"), qemu_pin);
    ASSERT_TRUE(monitor) << file_text("errors");
    ASSERT_TRUE(wait_reported(2));
    qemu_pin.signal(SIGKILL);
    EXPECT_EQ(qemu_pin.wait(), 128 + SIGKILL);
    EXPECT_FALSE(Orphans::left_behind()) << more.back();
    std::filesystem::remove(files->file("debug"));
    std::filesystem::remove(files->file("qmp"));
  }
}

/* As 7.2 does now and then, when its monitor is in use as it is told to end. */
TEST_P(RunEnd, AGuestThatDoesNotEndWhenToldToIsEnded) {
  const Orphans orphans;
  Lines paused = everything();
  paused.emplace_back("-S");
  Child qemu_pin = start_line(line(paused));
  auto monitor = connect_when_ready(files->file("qmp"), qemu_pin);
  ASSERT_TRUE(monitor) << file_text("errors");
  ASSERT_EQ(lasting(*monitor, everything_asked()), none);
  ASSERT_EQ(kill(qemu_of(*monitor), SIGSTOP), 0);
  qemu_pin.signal(SIGKILL);
  qemu_pin.wait();
  EXPECT_FALSE(Orphans::left_behind());
}

TEST_P(RunEnd, NothingIsLeftOfOneThatIsKilledAsItStarts) {
  const Orphans orphans;
  Lines daemon = vcpus();
  /* Which is refused in the end: else one that had its pins in time would live on. */
  daemon.insert(daemon.end(), {"-daemonize", "-iothreadpin", "io0,affinity=" + a});
  for (const Lines &more : {vcpus(), daemon})
    for (int delay = 0; delay <= 300; delay += 10) {
      Child qemu_pin = start_line(line(more));
      std::this_thread::sleep_for(std::chrono::milliseconds(delay));
      qemu_pin.signal(SIGKILL);
      qemu_pin.wait();
      ASSERT_FALSE(Orphans::left_behind()) << more.back() << " after " << delay << " ms";
      /* The user's socket: a QEMU that is ended before it handles signals leaves it. */
      std::filesystem::remove(files->file("qmp"));
    }
}

INSTANTIATE_TEST_SUITE_P(Run, RunEnd, testing::ValuesIn(stock_qemus()), qemu_name);
