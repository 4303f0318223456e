/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "captured_root.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace {

/* "" or the message. */
std::string add(const Table &table, const char *vcpunum, const std::vector<const char *> &affinity,
                unsigned *vcpu = nullptr) {
  const vcpupin_request request = {vcpunum, affinity.data(), affinity.size(), nullptr, nullptr};
  Message message;
  const bool added = vcpupin_table_add_vcpu(table.get(), &request, vcpu, message.out());
  return added ? "" : message.str();
}

std::string cpus_of(const vcpupin_pin *pin) {
  return pin != nullptr ? list_of(vcpupin_pin_cpus(pin)) : "(no pin)";
}

std::string pin_of(const Table &table, unsigned vcpu) {
  return cpus_of(vcpupin_table_vcpu(table.get(), vcpu));
}

/* A host whose CPUs 0-7 exist, 0-5 are online and 0-3 may be used. */
class PinTable : public testing::Test {
protected:
  static Table table(unsigned max_vcpus, bool shared_thread = false) {
    const CapturedRoot root("0-7", "0-5", "0-3");
    return Table(vcpupin_table_new(root.read().get(), own_pin().get(), max_vcpus, shared_thread));
  }

  Table four_ = table(4);
};

TEST_F(PinTable, KeepsEachPinUnderItsVcpu) {
  EXPECT_EQ(add(four_, "0", {"2"}), "");
  EXPECT_EQ(add(four_, "3", {"0-1"}), "");
  EXPECT_EQ(pin_of(four_, 0), "2");
  EXPECT_EQ(pin_of(four_, 3), "0-1");
}

TEST_F(PinTable, VcpuGivenNoPinHasNone) {
  EXPECT_EQ(add(four_, "0", {"2"}), "");
  EXPECT_EQ(vcpupin_table_vcpu(four_.get(), 1), nullptr);
  EXPECT_EQ(vcpupin_table_vcpu(four_.get(), 4), nullptr);
}

TEST_F(PinTable, SeveralListsMeanTheirUnion) {
  EXPECT_EQ(add(four_, "1", {"3", "0-1", "1"}), "");
  EXPECT_EQ(pin_of(four_, 1), "0-1,3");
}

TEST_F(PinTable, StoresTheNumberOfTheVcpu) {
  unsigned vcpu = 77;
  EXPECT_EQ(add(four_, "2", {"0"}, &vcpu), "");
  EXPECT_EQ(vcpu, 2U);
}

TEST_F(PinTable, TwoVcpusMayHaveTheSameCpus) {
  EXPECT_EQ(add(four_, "0", {"1"}), "");
  EXPECT_EQ(add(four_, "1", {"1"}), "");
}

struct BadPin {
  const char *vcpunum;
  std::vector<const char *> affinity;
  const char *message;
};

std::ostream &operator<<(std::ostream &os, const BadPin &r) {
  return os << r.message;
}

class BadRequest : public PinTable, public testing::WithParamInterface<BadPin> {};

TEST_P(BadRequest, IsRejectedAndChangesNothing) {
  ASSERT_EQ(add(four_, "1", {"0-1"}), "");
  unsigned vcpu = 77;
  EXPECT_EQ(add(four_, GetParam().vcpunum, GetParam().affinity, &vcpu), GetParam().message);
  EXPECT_EQ(vcpu, 77U);
  EXPECT_EQ(pin_of(four_, 1), "0-1");
  for (const unsigned other : {0U, 2U, 3U})
    EXPECT_EQ(vcpupin_table_vcpu(four_.get(), other), nullptr);
}

INSTANTIATE_TEST_SUITE_P(
    PinTable, BadRequest,
    testing::Values(
        BadPin{nullptr, {"0"}, "vcpunum is missing"}, BadPin{"", {"0"}, "vcpunum is missing"},
        BadPin{nullptr, {}, "vcpunum is missing"}, BadPin{"0", {}, "affinity is missing"},
        BadPin{"x", {"0"}, "vcpunum: 'x' is not a number"},
        BadPin{"-1", {"0"}, "vcpunum: '-1' is not a number"},
        BadPin{"+1", {"0"}, "vcpunum: '+1' is not a number"},
        BadPin{"0x1", {"0"}, "vcpunum: '0x1' is not a number"},
        BadPin{"0-1", {"0"}, "vcpunum: '0-1' is not a number"},
        BadPin{" 1", {"0"}, "vcpunum: ' 1' is not a number"},
        BadPin{"1\n", {"0"}, "vcpunum: '1\\x0a' is not a number"},
        BadPin{"4", {"0"}, "vCPU 4 does not exist (this machine has vCPUs 0-3)"},
        BadPin{"4294967296", {"0"}, "vCPU 4294967296 does not exist (this machine has vCPUs 0-3)"},
        BadPin{"18446744073709551616",
               {"0"},
               "vCPU 18446744073709551616 does not exist (this machine has vCPUs 0-3)"},
        BadPin{"1", {"2"}, "vCPU 1 is pinned already (to host CPUs 0-1)"},
        BadPin{"01", {"0-1"}, "vCPU 1 is pinned already (to host CPUs 0-1)"},
        BadPin{"0", {""}, "affinity: the CPU list is empty"},
        BadPin{"0", {"0", ""}, "affinity: the CPU list is empty"},
        BadPin{"0", {"3-1"}, "affinity: '3-1': the range ends before it begins"},
        BadPin{"0", {"0-3", "^2"}, "affinity: '^2': CPU 2 is not in the list before it"},
        BadPin{"0", {"0-99"}, "host CPU 8 does not exist (this host has CPUs 0-7)"},
        BadPin{"0", {"4-6"}, "host CPU 6 is offline (online: 0-5)"},
        BadPin{"0", {"0", "4-5"}, "host CPU 4 is outside the set this process may use (0-3)"}));

TEST_F(PinTable, NamesTheRangeOfASmallMachine) {
  EXPECT_EQ(add(table(1), "1", {"0"}), "vCPU 1 does not exist (this machine has vCPU 0 only)");
  EXPECT_EQ(add(table(0), "0", {"0"}), "vCPU 0 does not exist (this machine has no vCPUs)");
}

TEST_F(PinTable, LendsPinsThatStayWhereTheyAre) {
  const Table many = table(1000);
  ASSERT_EQ(add(many, "500", {"2"}), "");
  const vcpupin_pin *lent = vcpupin_table_vcpu(many.get(), 500);
  for (unsigned vcpu = 0; vcpu < 1000; ++vcpu) {
    if (vcpu != 500) {
      ASSERT_EQ(add(many, std::to_string(vcpu).c_str(), {"0"}), "");
    }
  }
  EXPECT_EQ(vcpupin_table_vcpu(many.get(), 500), lent);
  EXPECT_EQ(cpus_of(lent), "2");
}

TEST_F(PinTable, OnASharedThreadOnePinIsEveryVcpus) {
  const Table shared = table(4, true);
  EXPECT_EQ(vcpupin_table_vcpu(shared.get(), 0), nullptr);
  EXPECT_EQ(add(shared, "1", {"0-1"}), "");
  EXPECT_EQ(pin_of(shared, 0), "0-1");
  EXPECT_EQ(pin_of(shared, 3), "0-1");
  EXPECT_EQ(vcpupin_table_vcpu(shared.get(), 4), nullptr);
}

TEST_F(PinTable, OnASharedThreadPinsMustBeAlike) {
  const Table shared = table(4, true);
  EXPECT_EQ(add(shared, "1", {"0-1"}), "");
  EXPECT_EQ(add(shared, "2", {"1,0"}), "");
  EXPECT_EQ(add(shared, "3", {"2"}),
            "vCPU 3 cannot be pinned to host CPU 2: all vCPUs share one thread, and vCPU 1 is "
            "pinned to host CPUs 0-1");
  EXPECT_EQ(add(shared, "2", {"0-1"}), "vCPU 2 is pinned already (to host CPUs 0-1)");
  EXPECT_EQ(pin_of(shared, 3), "0-1");
}

TEST_F(PinTable, TakesCpusBeyond1023) {
  const CapturedRoot root("0-8191", "0-8191", "0-8190");
  const Table big(vcpupin_table_new(root.read().get(), own_pin().get(), 1, false));
  EXPECT_EQ(add(big, "0", {"8191"}),
            "host CPU 8191 is outside the set this process may use (0-8190)");
  EXPECT_EQ(add(big, "0", {"1024-8190:1000"}), "");
  EXPECT_EQ(pin_of(big, 0), "1024,2024,3024,4024,5024,6024,7024,8024");
}

vcpupin_request request(const char *name, const char *const *affinity, const char *sched = nullptr,
                        const char *priority = nullptr) {
  return {name, affinity, 1, sched, priority};
}

const char *const on_1 = "1";
const char *const on_2_3 = "2-3";

TEST_F(PinTable, KeepsIothreadsByTheirId) {
  Message message;
  const vcpupin_request io0 = request("io0", &on_2_3);
  EXPECT_TRUE(vcpupin_table_add_iothread(four_.get(), &io0, message.out()));
  EXPECT_EQ(cpus_of(vcpupin_table_iothread(four_.get(), "io0")), "2-3");
  EXPECT_EQ(vcpupin_table_iothread(four_.get(), "io"), nullptr);
  EXPECT_EQ(vcpupin_table_iothread(four_.get(), "io00"), nullptr);
}

TEST_F(PinTable, BadIothreadIsRejected) {
  Message message;
  const char *const absent = "9";
  const vcpupin_request io0 = request("io0", &on_1, "fifo", "3");
  ASSERT_TRUE(vcpupin_table_add_iothread(four_.get(), &io0, nullptr));
  EXPECT_FALSE(vcpupin_table_add_iothread(four_.get(), &io0, message.out()));
  EXPECT_EQ(message.str(), "iothread 'io0' is pinned already (to host CPU 1 as fifo, priority 3)");
  for (const char *missing : {static_cast<const char *>(nullptr), ""}) {
    const vcpupin_request nameless = request(missing, &on_1);
    EXPECT_FALSE(vcpupin_table_add_iothread(four_.get(), &nameless, message.out()));
    EXPECT_EQ(message.str(), "iothread is missing");
  }
  const vcpupin_request io1 = request("io1", &absent);
  EXPECT_FALSE(vcpupin_table_add_iothread(four_.get(), &io1, message.out()));
  EXPECT_EQ(message.str(), "host CPU 9 does not exist (this host has CPUs 0-7)");
  EXPECT_EQ(vcpupin_table_iothread(four_.get(), "io1"), nullptr);
}

TEST_F(PinTable, EmulatorIsPinnedOnce) {
  Message message;
  EXPECT_EQ(vcpupin_table_emulator(four_.get()), nullptr);
  const vcpupin_request first = request(nullptr, &on_1);
  const vcpupin_request second = request(nullptr, &on_2_3);
  EXPECT_TRUE(vcpupin_table_add_emulator(four_.get(), &first, message.out()));
  EXPECT_FALSE(vcpupin_table_add_emulator(four_.get(), &second, message.out()));
  EXPECT_EQ(message.str(), "the emulator is pinned already (to host CPU 1)");
  EXPECT_EQ(cpus_of(vcpupin_table_emulator(four_.get())), "1");
}

TEST_F(PinTable, VcpuWithoutPinKeepsTheStartPinWhereTheEmulatorHasOne) {
  const vcpupin_request emulator = request(nullptr, &on_1, "fifo");
  ASSERT_TRUE(vcpupin_table_add_emulator(four_.get(), &emulator, nullptr));
  ASSERT_EQ(add(four_, "0", {"2"}), "");
  EXPECT_EQ(pin_of(four_, 0), "2");
  ASSERT_NE(vcpupin_table_vcpu(four_.get(), 1), nullptr);
  EXPECT_TRUE(vcpupin_pin_equal(vcpupin_table_vcpu(four_.get(), 1), own_pin().get()));
  EXPECT_EQ(vcpupin_table_vcpu(four_.get(), 4), nullptr);
  EXPECT_EQ(vcpupin_table_iothread(four_.get(), "io0"), nullptr);
}

TEST_F(PinTable, PinWithoutPolicyHasTheOneOfTheStart) {
  ASSERT_EQ(add(four_, "0", {"2"}), "");
  const vcpupin_sched *sched = vcpupin_pin_sched(vcpupin_table_vcpu(four_.get(), 0));
  EXPECT_EQ(sched->policy, vcpupin_pin_sched(own_pin().get())->policy);
  EXPECT_EQ(sched->priority, vcpupin_pin_sched(own_pin().get())->priority);
}

TEST_F(PinTable, OnASharedThreadPoliciesMustBeAlikeToo) {
  const Table shared = table(4, true);
  Message message;
  const vcpupin_request first = request("0", &on_1, "batch");
  const vcpupin_request second = request("1", &on_1, "idle");
  ASSERT_TRUE(vcpupin_table_add_vcpu(shared.get(), &first, nullptr, nullptr));
  EXPECT_FALSE(vcpupin_table_add_vcpu(shared.get(), &second, nullptr, message.out()));
  EXPECT_EQ(message.str(), "vCPU 1 cannot be pinned to host CPU 1 (idle): all vCPUs share one "
                           "thread, and vCPU 0 is pinned to host CPU 1 (batch)");
}

std::string warnings_of(const Table &table) {
  char **warnings = vcpupin_table_warnings(table.get());
  std::string lines;
  for (char **warning = warnings; *warning != nullptr; ++warning)
    lines += std::string(*warning) + '\n';
  vcpupin_warnings_free(warnings);
  return lines;
}

TEST_F(PinTable, NothingToWarnOf) {
  const vcpupin_request emulator = request(nullptr, &on_2_3);
  ASSERT_TRUE(vcpupin_table_add_emulator(four_.get(), &emulator, nullptr));
  ASSERT_EQ(add(four_, "0", {"1"}), "");
  ASSERT_EQ(add(four_, "1", {"2"}), "");
  ASSERT_EQ(add(four_, "2", {"0-1"}), "");
  EXPECT_EQ(warnings_of(four_), "");
}

TEST_F(PinTable, WarnsOfVcpusOnOneAndTheSameCpu) {
  ASSERT_EQ(add(four_, "0", {"1"}), "");
  ASSERT_EQ(add(four_, "1", {"1"}), "");
  ASSERT_EQ(add(four_, "3", {"1"}), "");
  EXPECT_EQ(warnings_of(four_), "vCPUs 0-1,3 have to take turns: all are pinned to host CPU 1\n");
}

TEST_F(PinTable, DoesNotWarnOfVcpusThatShareAThreadAnyway) {
  const Table shared = table(4, true);
  ASSERT_EQ(add(shared, "0", {"1"}), "");
  ASSERT_EQ(add(shared, "1", {"1"}), "");
  EXPECT_EQ(warnings_of(shared), "");
}

TEST_F(PinTable, WarnsOfAnEmulatorWithoutACpuOfItsOwn) {
  const vcpupin_request emulator = request(nullptr, &on_2_3);
  ASSERT_TRUE(vcpupin_table_add_emulator(four_.get(), &emulator, nullptr));
  ASSERT_EQ(add(four_, "0", {"1"}), "");
  ASSERT_EQ(add(four_, "1", {"2"}), "");
  ASSERT_EQ(add(four_, "2", {"3"}), "");
  EXPECT_EQ(warnings_of(four_), "the emulator has no host CPU of its own: vCPUs 1-2 are pinned to "
                                "host CPUs 2-3 too\n");
}

TEST_F(PinTable, WarnsOfOneVcpuOnAllOfTheEmulators) {
  const vcpupin_request emulator = request(nullptr, &on_1);
  ASSERT_TRUE(vcpupin_table_add_emulator(four_.get(), &emulator, nullptr));
  ASSERT_EQ(add(four_, "2", {"0-1"}), "");
  EXPECT_EQ(warnings_of(four_),
            "the emulator has no host CPU of its own: vCPU 2 is pinned to host CPU 1 too\n");
}

TEST_F(PinTable, FreeTakesNull) {
  vcpupin_warnings_free(nullptr);
  vcpupin_pin_free(nullptr);
  vcpupin_table_free(nullptr);
}

} // namespace
