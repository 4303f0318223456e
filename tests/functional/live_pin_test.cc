/*
 * /machine/pinning: the machine's threads seen and moved while it runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "harness/cpuset.h"
#include "pinning_test.h"

#include <set>
#include <sstream>

namespace {

class LivePin : public PinningTest {
protected:
  /* A property's value, or the error. */
  static nlohmann::json get(Guest &guest, const std::string &thread, const std::string &property) {
    auto value = guest.monitor().execute(
        "qom-get", {{"path", "/machine/pinning/" + thread}, {"property", property}});
    return value ? *value : nlohmann::json(value.error().message);
  }

  static std::string set(Guest &guest, const std::string &thread, const std::string &cpus) {
    return execute(
        guest, "qom-set",
        {{"path", "/machine/pinning/" + thread}, {"property", "affinity"}, {"value", cpus}});
  }

  static std::set<std::string> children(Guest &guest) {
    auto list = guest.monitor().execute("qom-list", {{"path", "/machine/pinning"}});
    std::set<std::string> names;
    if (list) {
      for (const auto &property : *list) {
        if (property["type"] == "child<pinned-thread>")
          names.insert(property["name"].get<std::string>());
      }
    }
    return names;
  }

  GuestSpec machine() const {
    return with(pinned({{0, b}, {1, b}}),
                {"-emulatorpin", "affinity=" + a, "-object", "iothread,id=io0", "-object",
                 "iothread,id=io1", "-iothreadpin", "io0,affinity=" + b});
  }
  Asked asked() const { return {{{0, {b}}, {1, {b}}}, {a}, {{"io0", {b}}}}; }
};

} // namespace

TEST_P(LivePin, EachThreadIsThereWithWhatTheKernelSaysOfIt) {
  auto guest = running(machine());
  ASSERT_TRUE(guest);
  EXPECT_EQ(children(*guest), (std::set<std::string>{"emulator", "iothread[io0]", "iothread[io1]",
                                                     "vcpu[0]", "vcpu[1]"}));
  auto vcpus = guest->vcpu_threads();
  ASSERT_TRUE(vcpus);
  EXPECT_EQ(get(*guest, "vcpu[1]", "thread-id"), (*vcpus)[1]);
  EXPECT_EQ(get(*guest, "emulator", "thread-id"), guest->pid());
  EXPECT_EQ(get(*guest, "vcpu[1]", "affinity"), b);
  EXPECT_EQ(get(*guest, "iothread[io0]", "affinity"), b);
  EXPECT_EQ(get(*guest, "iothread[io1]", "affinity"), a);
  EXPECT_EQ(get(*guest, "emulator", "affinity"), a);
  EXPECT_EQ(get(*guest, "emulator", "policy"), "other");
  EXPECT_EQ(get(*guest, "emulator", "priority"), 0);
}

TEST_P(LivePin, PolicyAndPriorityAreTheKernels) {
  if (!may_be_fifo())
    GTEST_SKIP() << "no right to real-time scheduling";
  auto guest = started(with(everything(), {"-S"}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(get(*guest, "iothread[io0]", "policy"), "rr");
  EXPECT_EQ(get(*guest, "iothread[io0]", "priority"), 5);
  EXPECT_EQ(get(*guest, "emulator", "policy"), "batch");
}

TEST_P(LivePin, AVcpuIsMovedAndNobodyElse) {
  auto guest = running(machine());
  ASSERT_TRUE(guest);
  EXPECT_EQ(set(*guest, "vcpu[1]", a), "");
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {a}}}, {a}, {{"io0", {b}}}}), none);
  EXPECT_EQ(get(*guest, "vcpu[1]", "affinity"), a);
  EXPECT_EQ(set(*guest, "vcpu[1]", b + "," + a), "");
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {both}}}, {a}, {{"io0", {b}}}}), none);
}

TEST_P(LivePin, TheEmulatorIsMovedWithAllThatHasNoPinOfItsOwn) {
  auto guest = running(machine());
  ASSERT_TRUE(guest);
  EXPECT_EQ(set(*guest, "emulator", b), "");
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {b}}}, {b}, {{"io0", {b}}}}), none);
  EXPECT_EQ(set(*guest, "iothread[io1]", both), "");
  EXPECT_EQ(set(*guest, "emulator", a), "");
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {b}}}, {a}, {{"io0", {b}}, {"io1", {both}}}}),
            none);
}

TEST_P(LivePin, WhatCannotHoldIsRefusedAndChangesNothing) {
  auto guest = running(machine());
  ASSERT_TRUE(guest);
  for (const char *thread : {"vcpu[0]", "iothread[io0]", "emulator"}) {
    EXPECT_EQ(set(*guest, thread, a + ",x"), "'x' is not a number");
    EXPECT_EQ(set(*guest, thread, ""), "the CPU list is empty");
    EXPECT_NE(set(*guest, thread, a + ",8191").find("host CPU 8191 does not exist"),
              std::string::npos);
  }
  EXPECT_NE(
      execute(*guest, "qom-set",
              {{"path", "/machine/pinning/vcpu[0]"}, {"property", "policy"}, {"value", "rr"}}),
      "");
  EXPECT_EQ(differences(*guest, asked()), none);
}

TEST_P(LivePin, WhatTheCpusetForbidsIsRefusedWithTheSet) {
  auto cpuset = Cpuset::make(both);
  if (!cpuset)
    GTEST_SKIP() << "no cpuset can be made: " << cpuset.error().message;
  GuestSpec spec = pinned({{0, a}, {1, a}});
  spec.cgroup = cpuset->folder();
  auto guest = running(spec);
  ASSERT_TRUE(guest);
  ASSERT_TRUE(cpuset->set_cpus(a));
  EXPECT_EQ(set(*guest, "vcpu[0]", b),
            "host CPU " + b + " is outside the set this process may use (" + a + ")");
}

TEST_P(LivePin, AMachineStartedWithoutPinsCanBePinned) {
  auto files = TempDir::make();
  ASSERT_TRUE(files);
  std::vector<Child> readers;
  auto guest = running(with(spec({"-object", "iothread,id=io0"}), disks(*files)));
  ASSERT_TRUE(guest);
  EXPECT_EQ(differences(*guest, {{{0, {start}}, {1, {start}}}, {start}}), none);
  EXPECT_EQ(set(*guest, "vcpu[0]", b), "");
  EXPECT_EQ(set(*guest, "iothread[io0]", b), "");
  EXPECT_EQ(set(*guest, "emulator", a), "");
  serve_disks(*guest, *files);
  readers.push_back(reader(*guest, *files, "io0"));
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {start}}}, {a}, {{"io0", {b}}}}), none);
}

TEST_P(LivePin, AnIothreadIsInTheTreeForAsLongAsItExists) {
  auto guest = started(machine());
  ASSERT_TRUE(guest);
  EXPECT_EQ(execute(*guest, "object-add", {{"qom-type", "iothread"}, {"id", "io2"}}), "");
  EXPECT_EQ(execute(*guest, "object-del", {{"id", "io0"}}), "");
  EXPECT_EQ(children(*guest), (std::set<std::string>{"emulator", "iothread[io1]", "iothread[io2]",
                                                     "vcpu[0]", "vcpu[1]"}));
}

TEST_P(LivePin, TheMonitorPrintsTheTable) {
  auto guest = started(machine());
  ASSERT_TRUE(guest);
  auto vcpus = guest->vcpu_threads();
  ASSERT_TRUE(vcpus);
  std::istringstream table(hmp(*guest, "info pinning"));
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    rows.emplace_back();
    for (std::string word; words >> word;)
      rows.back().push_back(word);
  }
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_EQ(rows[0],
            (std::vector<std::string>{"role", "thread", "policy", "priority", "affinity"}));
  EXPECT_EQ(rows[1],
            (std::vector<std::string>{"emulator", std::to_string(guest->pid()), "other", "0", a}));
  EXPECT_EQ(rows[3],
            (std::vector<std::string>{"vcpu[1]", std::to_string((*vcpus)[1]), "other", "0", b}));
  EXPECT_EQ(rows[4][0], "iothread[io0]");
  EXPECT_EQ(rows[5][0], "iothread[io1]");
}

INSTANTIATE_TEST_SUITE_P(Pinning, LivePin, testing::ValuesIn(machines({"kvm", "tcg,thread=multi"})),
                         machine_name);
