/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "captured_root.h"
#include "threads.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <ostream>
#include <string>

namespace {

/* A pin on every CPU we may use, with that scheduling: in a table, which is where
 * pins come from. */
class SchedTest : public testing::Test {
protected:
  /* "" or the message. */
  std::string ask(const char *sched, const char *priority) {
    const Host host(vcpupin_host_read(nullptr, nullptr));
    const std::string list = list_of(vcpupin_host_allowed(host.get()));
    const char *const affinity = list.c_str();
    const vcpupin_request request = {"0", &affinity, 1, sched, priority};
    Message message;
    table_.reset(vcpupin_table_new(host.get(), own_pin().get(), 1, false));
    return vcpupin_table_add_vcpu(table_.get(), &request, nullptr, message.out()) ? ""
                                                                                  : message.str();
  }

  const vcpupin_pin *pin() const { return vcpupin_table_vcpu(table_.get(), 0); }

  std::string apply() const {
    Message message;
    return vcpupin_apply(0, pin(), message.out()) ? "" : message.str();
  }

  Table table_;
};

/* As the kernel has it for the calling thread. */
std::string own_sched() {
  vcpupin_sched sched{};
  if (!vcpupin_sched_read(0, &sched, nullptr))
    return "unreadable";
  sched_param parameters{};
  sched_getparam(0, &parameters);
  EXPECT_EQ(sched.policy, sched_getscheduler(0));
  EXPECT_EQ(sched.priority, parameters.sched_priority);
  return std::string(vcpupin_policy_name(sched.policy)) + " " + std::to_string(sched.priority);
}

struct Asked {
  const char *sched;
  const char *priority;
  const char *gives;
};

std::ostream &operator<<(std::ostream &os, const Asked &asked) {
  return os << asked.gives;
}

class Policy : public SchedTest, public testing::WithParamInterface<Asked> {};

TEST_P(Policy, IsWhatTheKernelSaysThen) {
  in_thread([&] {
    ASSERT_EQ(ask(GetParam().sched, GetParam().priority), "");
    const std::string answer = apply();
    if (answer.find("Operation not permitted") != std::string::npos)
      GTEST_SKIP() << answer;
    EXPECT_EQ(answer, "");
    EXPECT_EQ(own_sched(), GetParam().gives);
  });
}

INSTANTIATE_TEST_SUITE_P(Sched, Policy,
                         testing::Values(Asked{"other", nullptr, "other 0"},
                                         Asked{"batch", nullptr, "batch 0"},
                                         Asked{"idle", nullptr, "idle 0"},
                                         Asked{"fifo", nullptr, "fifo 1"},
                                         Asked{"fifo", "99", "fifo 99"}, Asked{"rr", "1", "rr 1"}));

class BadSched : public SchedTest, public testing::WithParamInterface<Asked> {};

TEST_P(BadSched, IsRejected) {
  EXPECT_EQ(ask(GetParam().sched, GetParam().priority), GetParam().gives);
}

INSTANTIATE_TEST_SUITE_P(
    Sched, BadSched,
    testing::Values(
        Asked{"", nullptr, "sched: '' is not one of other, batch, idle, fifo, rr"},
        Asked{"FIFO", nullptr, "sched: 'FIFO' is not one of other, batch, idle, fifo, rr"},
        Asked{"deadline", nullptr, "sched: 'deadline' is not one of other, batch, idle, fifo, rr"},
        Asked{nullptr, "1", "priority is given without sched=fifo or sched=rr"},
        Asked{"other", "1", "priority is for fifo and rr only, not for other"},
        Asked{"fifo", "0", "priority: 0 is out of range (1-99)"},
        Asked{"fifo", "100", "priority: 100 is out of range (1-99)"},
        Asked{"rr", "18446744073709551616",
              "priority: 18446744073709551616 is out of range (1-99)"},
        Asked{"rr", "", "priority: '' is not a number"},
        Asked{"rr", "-1", "priority: '-1' is not a number"},
        Asked{"rr", "1x", "priority: '1x' is not a number"}));

TEST_F(SchedTest, RefusalSaysWhatWouldAllowItAndTheMaskIsBack) {
  in_thread([&] {
    const std::vector<unsigned> usable = usable_cpus();
    if (usable.size() < 2)
      GTEST_SKIP() << "needs two CPUs";
    const std::string first = std::to_string(usable[0]);
    ASSERT_EQ(ask("rr", "7"), "");
    ASSERT_EQ(::apply(first), "");
    if (!refuse_syscall(SYS_sched_setscheduler, EPERM))
      GTEST_SKIP() << "needs seccomp filters";
    rlimit limit{};
    getrlimit(RLIMIT_RTPRIO, &limit);
    const std::string now =
        limit.rlim_cur == RLIM_INFINITY ? "" : ", which is " + std::to_string(limit.rlim_cur);
    EXPECT_EQ(apply(), "the kernel refuses to schedule this thread as rr, priority 7: Operation "
                       "not permitted (this needs the capability CAP_SYS_NICE, or RLIMIT_RTPRIO "
                       "of 7 or more" +
                           now + "; a cgroup or a seccomp filter may forbid it too)");
    EXPECT_EQ(mask_in_proc(), first);
  });
}

TEST_F(SchedTest, ThreadThatHasItAlreadyNeedsNoPermission) {
  in_thread([&] {
    ASSERT_EQ(ask("batch", nullptr), "");
    ASSERT_EQ(apply(), "");
    if (!refuse_syscall(SYS_sched_setscheduler, EPERM))
      GTEST_SKIP() << "needs seccomp filters";
    EXPECT_EQ(apply(), "");
  });
}

TEST_F(SchedTest, ThreadThatDoesNotExistIsAnError) {
  Message message;
  vcpupin_sched sched{77, 77};
  EXPECT_FALSE(vcpupin_sched_read(0x7ffffffe, &sched, message.out()));
  EXPECT_EQ(message.str(), "cannot read how a thread is scheduled: No such process");
  EXPECT_EQ(sched.policy, 77);
}

TEST(PolicyName, OfWhatIsNoneIsUnknown) {
  EXPECT_STREQ(vcpupin_policy_name(SCHED_DEADLINE), "unknown");
  EXPECT_STREQ(vcpupin_policy_name(-1), "unknown");
}

TEST(SchedParse, ReadsWhatARequestMayHold) {
  vcpupin_sched sched{7, 7};
  ASSERT_TRUE(vcpupin_sched_parse("rr", "42", &sched, nullptr));
  EXPECT_EQ(sched.policy, SCHED_RR);
  EXPECT_EQ(sched.priority, 42);
  Message message;
  EXPECT_FALSE(vcpupin_sched_parse("other", "1", &sched, message.out()));
  EXPECT_EQ(message.str(), "priority is for fifo and rr only, not for other");
  EXPECT_EQ(sched.priority, 42);
}

TEST(PinNew, HasTheCpusAndTheScheduling) {
  const Cpus set = cpus("1,5");
  const Pin pin(vcpupin_pin_new(set.get(), {SCHED_BATCH, 0}));
  EXPECT_EQ(list_of(vcpupin_pin_cpus(pin.get())), "1,5");
  EXPECT_EQ(vcpupin_pin_sched(pin.get())->policy, SCHED_BATCH);
}

} // namespace
