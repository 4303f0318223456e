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
  const Ended ended =
      qemu_pin_program({"run", "--timeout", "5", "--", qemu, "-vcpu", "0,affinity=" + a});
  EXPECT_EQ(ended.status, 2);
  EXPECT_EQ(ended.errors, "qemu-pin: waiting for QEMU to answer\n"
                          "qemu-pin: QEMU did not answer within 5 s\n");
  EXPECT_TRUE(is_gone(std::stoi(file_text("pid"))));
  EXPECT_EQ(
      qemu_pin_program({"run", "-q", "--timeout=5", "--", qemu, "-vcpu", "0,affinity=" + a}).errors,
      "qemu-pin: QEMU did not answer within 5 s\n");
  stand_in("exec sleep 10000\n");
  EXPECT_EQ(
      qemu_pin_program({"run", "--timeout", "1", "--", qemu, "-vcpu", "0,affinity=" + a}).errors,
      "qemu-pin: " + qemu + " -help does not end\n");
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

TEST_P(RunEnd, AQemuThatIsToldToEndHasTimeTo) {
  const std::string qemu = stand_in("[ \"$1\" = -help ] && exit\n"
                                    "trap 'sleep 1; exit 7' TERM\n"
                                    "echo ready\nwhile :; do sleep 0.01; done\n");
  Child qemu_pin =
      start_line({QEMU_PIN, "run", "--timeout", "1", "--", qemu, "-vcpu", "0,affinity=" + a});
  ASSERT_TRUE(comes_true([&] { return file_text("output") == "ready\n"; }));
  qemu_pin.signal(SIGTERM);
  EXPECT_EQ(qemu_pin.wait(), 7);
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
