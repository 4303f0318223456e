/*
 * sched= and priority=: how the kernel schedules the machine's threads. Guests are
 * paused, so that no real-time vCPU keeps a host CPU to itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "pinning_test.h"

#include <filesystem>

namespace {

class PinSched : public PinningTest {
protected:
  void SetUp() override {
    PinningTest::SetUp();
    if (!IsSkipped() && !may_be_fifo())
      GTEST_SKIP() << "no right to real-time scheduling";
  }
};

} // namespace

TEST_P(PinSched, EachThreadHasThePolicyAskedFor) {
  auto guest = started(with(everything(), {"-S"}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(differences(*guest, everything_asked()), none);
}

TEST_P(PinSched, EveryPolicyCanBeAskedFor) {
  GuestSpec spec = this->spec({"-S"});
  spec.smp = "5";
  Asked asked{{}, {start}};
  const std::vector<std::pair<std::string, std::string>> policies = {{"other", "other"},
                                                                     {"batch", "batch"},
                                                                     {"idle", "idle"},
                                                                     {"fifo", "fifo 1"},
                                                                     {"rr,priority=99", "rr 99"}};
  for (unsigned vcpu = 0; vcpu < 5; ++vcpu) {
    spec = with(spec, {"-vcpu",
                       std::to_string(vcpu) + ",affinity=" + b + ",sched=" + policies[vcpu].first});
    asked.vcpus[vcpu] = {b, policies[vcpu].second};
  }
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  EXPECT_EQ(differences(*guest, asked), none);
}

TEST_P(PinSched, TheEmulatorsPolicyIsNobodyElses) {
  auto guest = started(with(pinned({{0, b}}), {"-S", "-object", "iothread,id=io0", "-iothreadpin",
                                               "io0,affinity=" + b, "-emulatorpin",
                                               "affinity=" + a + ",sched=fifo,priority=2"}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {start}}}, {a, "fifo 2"}, {{"io0", {b}}}}), none);
}

TEST_P(PinSched, WithoutSchedThePolicyIsTheOneQemuWasStartedWith) {
  GuestSpec spec = with(pinned({{0, b}}), {"-S", "-emulatorpin", "affinity=" + a + ",sched=other"});
  spec.prefix = {"chrt", "--batch", "0"};
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  EXPECT_EQ(differences(*guest, {{{0, {b, "batch"}}, {1, {start, "batch"}}}, {a}}), none);
}

TEST_P(PinSched, ARefusalSaysWhatWouldAllowIt) {
  if (!std::filesystem::exists("/usr/bin/setpriv") || !std::filesystem::exists("/usr/bin/prlimit"))
    GTEST_SKIP() << "setpriv and prlimit are not installed";
  const auto refused = [&](const std::string &option, const std::string &thread,
                           const std::vector<std::string> &more) {
    const std::string value = thread + "affinity=" + b + ",sched=fifo,priority=7";
    GuestSpec spec = with(this->spec(more), {option, value});
    spec.smp = "2,maxcpus=3";
    spec.prefix = {"/usr/bin/prlimit", "--rtprio=0:0", "/usr/bin/setpriv", "--bounding-set",
                   "-sys_nice",        "--inh-caps",   "-sys_nice"};
    const std::string error = " " + option + " " + value +
                              ": the kernel refuses to schedule this thread as fifo, priority 7: "
                              "Operation not permitted (this needs the capability CAP_SYS_NICE, or "
                              "RLIMIT_RTPRIO of 7 or more, which is 0; a cgroup or a seccomp "
                              "filter may forbid it too)";
    expect_refused(spec, error);
    expect_refused(with(spec, {"-sandbox", "on,resourcecontrol=deny"}), error);
  };
  refused("-vcpu", "0,", {});
  refused("-vcpu", "2,", {}); /* not there yet */
  refused("-iothreadpin", "io0,", {"-object", "iothread,id=io0"});
}

TEST_P(PinSched, ARefusedEmulatorPolicyNamesTheThread) {
  if (!std::filesystem::exists("/usr/bin/setpriv") || !std::filesystem::exists("/usr/bin/prlimit"))
    GTEST_SKIP() << "setpriv and prlimit are not installed";
  GuestSpec spec = this->spec({"-emulatorpin", "affinity=" + b + ",sched=rr"});
  spec.prefix = {"/usr/bin/prlimit", "--rtprio=0:0", "/usr/bin/setpriv", "--bounding-set",
                 "-sys_nice",        "--inh-caps",   "-sys_nice"};
  auto outcome = Guest::run(spec);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->status, 1);
  EXPECT_NE(outcome->errors.find(" -emulatorpin affinity=" + b + ",sched=rr: thread "),
            std::string::npos)
      << outcome->errors;
}

TEST_P(PinSched, APolicyThatIsWrongIsRefused) {
  const std::string pin = "0,affinity=" + b;
  const auto refused = [&](const std::string &sched, const std::string &message) {
    expect_refused(spec({"-vcpu", pin + sched}), " -vcpu " + pin + sched + ": " + message);
  };
  refused(",sched=realtime", "sched: 'realtime'");
  refused(",sched=fifo,priority=100", "priority: 100 ");
  refused(",sched=batch,priority=1", "priority ");
  refused(",priority=1", "priority ");
  refused(",sched=fifo,sched=rr", "sched is given twice");
}

INSTANTIATE_TEST_SUITE_P(Pinning, PinSched,
                         testing::ValuesIn(machines({"kvm", "tcg,thread=multi"})), machine_name);
