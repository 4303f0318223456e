/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/irqbalance.h"

#include "base/fd.h"
#include "harness/patience.h"
#include "isolation/steps/irq.h"
#include "kernel/procfs.h"
#include "planned.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

using namespace qemu_pin;
using namespace std::chrono_literals;

namespace {

/* A program of that name, which is ended with the variable. */
class FakeIrqbalance {
public:
  explicit FakeIrqbalance(std::vector<std::string> arguments,
                          const std::vector<std::string> &environment = {}) {
    int ends[2];
    if (pipe(ends) != 0)
      throw std::system_error(errno, std::generic_category(), "pipe");
    output_ = Fd(ends[0]);
    const Fd write_end(ends[1]);
    arguments.insert(arguments.begin(), FAKE_IRQBALANCE);
    id_ = fork();
    if (id_ == 0) {
      dup2(write_end.number(), STDOUT_FILENO);
      for (const std::string &variable : environment)
        putenv(strdup(variable.c_str()));
      std::vector<char *> words;
      for (std::string &argument : arguments)
        words.push_back(argument.data());
      words.push_back(nullptr);
      execv(FAKE_IRQBALANCE, words.data());
      _exit(127);
    }
  }
  FakeIrqbalance(const FakeIrqbalance &) = delete;
  ~FakeIrqbalance() { end(); }

  pid_t id() const { return id_; }
  void send_signal(int number) const { kill(id_, number); }

  void end() {
    if (id_ > 0) {
      kill(id_, SIGKILL);
      waitpid(id_, nullptr, 0);
    }
    id_ = 0;
  }

  /* Whether no more commands have come: the next one is ours. */
  bool is_left_alone() { return ban_cpus(Host(), id_, "0") && command() == "settings cpus 0"; }

  /* The next one that came. */
  std::string command() {
    while (lines_.find('\n') == std::string::npos) {
      pollfd waiting{output_.number(), POLLIN, 0};
      char piece[512];
      ssize_t size = 0;
      if (poll(&waiting, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) != 1 ||
          (size = read(output_.number(), piece, sizeof piece)) <= 0)
        return "(none)";
      lines_.append(piece, static_cast<std::size_t>(size));
    }
    const std::string line = lines_.substr(0, lines_.find('\n'));
    lines_.erase(0, line.size() + 1);
    return line;
  }

private:
  pid_t id_ = 0;
  Fd output_;
  std::string lines_;
};

class Irqbalance : public testing::Test {
protected:
  void SetUp() override {
    if (const auto real = irqbalance_process(Host()))
      GTEST_SKIP() << "irqbalance runs here, as process " << real->id;
  }

  void start(const std::vector<std::string> &arguments,
             const std::vector<std::string> &environment = {}) {
    fake = std::make_unique<FakeIrqbalance>(arguments, environment);
    ASSERT_EQ(fake->command(), "ready");
  }

  std::string banned(std::chrono::seconds patience = until_irqbalance_listens) {
    auto list = banned_cpus(Host(), fake->id(), patience);
    if (!list)
      return list.error().message;
    return *list ? **list : "(gone)";
  }

  std::string who() const { return "irqbalance (process " + std::to_string(fake->id()) + ")"; }

  std::unique_ptr<FakeIrqbalance> fake;
};

TEST_F(Irqbalance, IsFoundByItsName) {
  start({});
  const auto found = irqbalance_process(Host());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, fake->id());
  fake->end();
  EXPECT_EQ(irqbalance_process(Host()), std::nullopt);
}

TEST_F(Irqbalance, NamesTheCpusThatItLeavesAlone) {
  start({"--banned", "00000001,0000000c"});
  EXPECT_EQ(banned(), "2-3,32\n");
}

TEST_F(Irqbalance, NamesNoneWhereThereAreNone) {
  start({});
  EXPECT_EQ(banned(), "\n");
}

TEST_F(Irqbalance, OwnChoiceIsNoListThatItWasTold) {
  start({"--banned", "0000000c"}, {"IRQBALANCE_BANNED_CPULIST=2-3"});
  EXPECT_EQ(banned(), "\n");
  auto ban = settled_ban(Host(), fake->id(), {});
  ASSERT_TRUE(ban && *ban);
  EXPECT_EQ((*ban)->cpus, (CpuSet{2, 3}));
  EXPECT_EQ((*ban)->by_itself, (CpuSet{2, 3}));
}

TEST_F(Irqbalance, MaskInItsEnvironmentComesBeforeAList) {
  start({"--banned", "00000030"}, {"IRQBALANCE_BANNED_CPULIST=2-3", "IRQBALANCE_BANNED_CPUS=30"});
  EXPECT_EQ(banned(), "\n");
}

TEST_F(Irqbalance, DoesWhatItIsTold) {
  start({});
  EXPECT_TRUE(ban_cpus(Host(), fake->id(), "2-3,6\n"));
  EXPECT_EQ(fake->command(), "settings cpus 2-3,6");
  EXPECT_EQ(banned(), "2-3,6\n");
}

TEST_F(Irqbalance, GetsItsOwnChoiceBack) {
  start({"--banned", "0000000c"}, {"IRQBALANCE_BANNED_CPULIST=2-3"});
  EXPECT_TRUE(ban_cpus(Host(), fake->id(), "2-5\n"));
  EXPECT_TRUE(ban_cpus(Host(), fake->id(), "\n"));
  EXPECT_EQ(fake->command(), "settings cpus 2-5");
  EXPECT_EQ(fake->command(), "settings cpus NULL");
  EXPECT_EQ(banned(), "\n");
}

TEST_F(Irqbalance, IsHeardAtTheAbstractNameOfZeros) {
  start({"--zeros", "--banned", "00000010"});
  EXPECT_EQ(banned(), "4\n");
}

TEST_F(Irqbalance, IsAskedForItsSetupOnlyWhenItListens) {
  start({});
  EXPECT_EQ(banned(), "\n");
  EXPECT_EQ(fake->command(), "qemu-pin");
  EXPECT_EQ(fake->command(), "setup");
}

/* Who hangs up before the answer kills it. */
TEST_F(Irqbalance, SurvivesThatItsAnswerIsNotWaitedFor) {
  start({});
  fake->send_signal(SIGSTOP);
  EXPECT_EQ(banned(std::chrono::seconds(1)), who() + ": Connection timed out");
  fake->send_signal(SIGCONT);
  EXPECT_EQ(banned(), "\n");
}

TEST_F(Irqbalance, IsToldWithoutWaitingUntilItListens) {
  start({});
  fake->send_signal(SIGSTOP);
  /* It would wait for ever, or fail. */
  EXPECT_TRUE(ban_cpus(Host(), fake->id(), "2-3"));
  fake->send_signal(SIGCONT);
  EXPECT_EQ(fake->command(), "settings cpus 2-3");
}

TEST_F(Irqbalance, ListThatItWouldCutShortIsRefused) {
  start({});
  CpuSet cpus;
  for (unsigned cpu = 0; cpu < 400; cpu += 2)
    cpus.insert(cpu);
  const auto told = ban_cpus(Host(), fake->id(), cpu_list(cpus));
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().number, EMSGSIZE);
  EXPECT_TRUE(fake->is_left_alone());
}

TEST_F(Irqbalance, OtherAnswersAreRefused) {
  for (const char *answer : {"hello", "SLEEP 10 BANNED x", "SLEEP 10 UNBANNED 0"}) {
    start({"--says", answer});
    EXPECT_EQ(banned(), who() + " does not answer as it should");
  }
}

TEST_F(Irqbalance, MaskMayBeEmpty) {
  start({"--says", "SLEEP 10 BANNED "});
  EXPECT_EQ(banned(), "\n");
}

TEST_F(Irqbalance, WithoutASocketCannotBeTold) {
  start({"--no-socket"});
  EXPECT_EQ(banned(), who() + " has no socket to be told by");
  const auto told = ban_cpus(Host(), fake->id(), "2");
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().number, ECONNREFUSED);
}

/* Anybody may listen at an abstract name. */
TEST_F(Irqbalance, IsNotTakenForSomebodyElse) {
  start({"--no-socket"});
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  const std::string text = "irqbalance" + std::to_string(fake->id()) + ".sock";
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  text.copy(name.sun_path + 1, sizeof name.sun_path - 1);
  ASSERT_EQ(bind(socket.number(), reinterpret_cast<sockaddr *>(&name),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size())),
            0);
  ASSERT_EQ(listen(socket.number(), 1), 0);
  EXPECT_EQ(banned(), who() + " has no socket to be told by");
}

TEST_F(Irqbalance, ThatHasEndedIsGone) {
  start({});
  const pid_t id = fake->id();
  fake->end();
  auto list = banned_cpus(Host(), id);
  ASSERT_TRUE(list);
  EXPECT_FALSE(*list);
  EXPECT_EQ(ban_cpus(Host(), id, "2").error().number, ESRCH);
  auto ban = settled_ban(Host(), id, {});
  ASSERT_TRUE(ban);
  EXPECT_FALSE(*ban);
}

TEST_F(Irqbalance, IsAskedAgainUntilItHasSettled) {
  start({"--takes-up", "2"});
  EXPECT_TRUE(ban_cpus(Host(), fake->id(), "2-3"));
  EXPECT_EQ(banned(), "\n");
  EXPECT_EQ(banned(), "\n");
  EXPECT_EQ(banned(), "2-3\n");
  EXPECT_TRUE(ban_cpus(Host(), fake->id(), ""));
  auto ban = settled_ban(Host(), fake->id(), {5});
  ASSERT_TRUE(ban && *ban);
  EXPECT_EQ((*ban)->cpus, CpuSet());
}

TEST_F(Irqbalance, IsNotAskedAgainOverKnownCpus) {
  start({"--takes-up", "1000", "--banned", "0000000c"});
  auto ban = settled_ban(Host(), fake->id(), {2, 3});
  ASSERT_TRUE(ban && *ban);
  EXPECT_EQ((*ban)->cpus, (CpuSet{2, 3}));
  EXPECT_EQ(fake->command(), "qemu-pin");
  EXPECT_EQ(fake->command(), "setup");
  EXPECT_TRUE(fake->is_left_alone());
}

/* The step irq on this host: planned, not carried out. */
class IrqStepWithIrqbalance : public Irqbalance {
protected:
  void SetUp() override {
    Irqbalance::SetUp();
    request.cpus = {Host().online().last()};
  }

  StepPlan plan() {
    auto made = plan_irq(Host(), request, journal);
    if (made)
      return std::move(*made);
    ADD_FAILURE() << made.error().message;
    return {};
  }

  Setting setting() const {
    auto stat = Procfs().stat(fake->id(), fake->id());
    return IrqbalanceSetting{stat && *stat ? (*stat)->thread : ThreadId{fake->id(), 0}};
  }

  IsolationRequest request;
  JournalContent journal;
};

TEST_F(IrqStepWithIrqbalance, TellsItFirst) {
  start({"--banned", "00000001"}, {"IRQBALANCE_BANNED_CPULIST=0"});
  const StepPlan made = plan();
  ASSERT_FALSE(made.operations.empty());
  const auto &set = std::get<SetOperation>(made.operations.front());
  EXPECT_EQ(set.setting, setting());
  EXPECT_EQ(set.want, Claim::Want::with);
  EXPECT_EQ(set.operand, cpu_list(request.cpus));
  EXPECT_EQ(set.means, "0");
  EXPECT_EQ(made.tell(all_done(made)).at(0),
            who() + " leaves " + cpus_text(cpu_list(request.cpus)) + " alone");
}

TEST_F(IrqStepWithIrqbalance, WhatItChoosesByItselfIsGivenBackAsThat) {
  start({});
  EXPECT_EQ(std::get<SetOperation>(plan().operations.front()).before, "\n");
}

TEST_F(IrqStepWithIrqbalance, OurOwnCpusAreOfAnIsolationThatHasJustEnded) {
  start({"--banned", cpu_mask(request.cpus, "00000000")});
  EXPECT_EQ(std::get<SetOperation>(plan().operations.front()).before, "\n");
}

TEST_F(IrqStepWithIrqbalance, IsNotAskedForWhatTheJournalKnows) {
  start({});
  journal.changes = {{"irq", SettingChange{setting(),
                                           ValueFormat::list,
                                           "",
                                           "\n",
                                           "9\n",
                                           {{IsolationId({9}), Claim::Want::with, "9"}}}}};
  EXPECT_EQ(std::get<SetOperation>(plan().operations.front()).setting, setting());
  EXPECT_TRUE(fake->is_left_alone());
}

TEST_F(IrqStepWithIrqbalance, WarnsWhereItCannotBeTold) {
  start({"--no-socket"});
  const StepPlan made = plan();
  EXPECT_EQ(find_set(made, setting_name(setting())), nullptr);
  EXPECT_EQ(made.tell(all_done(made)).at(0),
            "irqbalance may move interrupts back: " + who() + " has no socket to be told by");
}

TEST_F(IrqStepWithIrqbalance, WarnsWhereItRefuses) {
  start({});
  const StepPlan made = plan();
  const auto &set = std::get<SetOperation>(made.operations.front());
  for (const int number : {ECONNREFUSED, ETIMEDOUT, EMSGSIZE})
    EXPECT_NE(std::find(set.tolerated.begin(), set.tolerated.end(), number), set.tolerated.end());
  auto outcomes = all_done(made);
  outcomes[0].kind = Outcome::Kind::refused;
  outcomes[0].refusal = system_error("irqbalance (process 9)", ETIMEDOUT);
  EXPECT_EQ(made.tell(outcomes).at(0), "irqbalance may move interrupts back: irqbalance (process "
                                       "9): Connection timed out");
}

} // namespace
