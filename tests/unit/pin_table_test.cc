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
  Message message;
  const bool added = vcpupin_table_add_vcpu(table.get(), vcpunum, affinity.data(), affinity.size(),
                                            vcpu, message.out());
  return added ? "" : message.str();
}

std::string pin_of(const Table &table, unsigned vcpu) {
  return list_of(vcpupin_table_vcpu(table.get(), vcpu));
}

/* A host whose CPUs 0-7 exist, 0-5 are online and 0-3 may be used. */
class PinTable : public testing::Test {
protected:
  static Table table(unsigned max_vcpus, bool shared_thread = false) {
    const CapturedRoot root("0-7", "0-5", "0-3");
    return Table(vcpupin_table_new(root.read().get(), max_vcpus, shared_thread));
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

struct Request {
  const char *vcpunum;
  std::vector<const char *> affinity;
  const char *message;
};

std::ostream &operator<<(std::ostream &os, const Request &r) {
  return os << r.message;
}

class BadRequest : public PinTable, public testing::WithParamInterface<Request> {};

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
        Request{nullptr, {"0"}, "vcpunum is missing"}, Request{"", {"0"}, "vcpunum is missing"},
        Request{nullptr, {}, "vcpunum is missing"}, Request{"0", {}, "affinity is missing"},
        Request{"x", {"0"}, "vcpunum: 'x' is not a number"},
        Request{"-1", {"0"}, "vcpunum: '-1' is not a number"},
        Request{"+1", {"0"}, "vcpunum: '+1' is not a number"},
        Request{"0x1", {"0"}, "vcpunum: '0x1' is not a number"},
        Request{"0-1", {"0"}, "vcpunum: '0-1' is not a number"},
        Request{" 1", {"0"}, "vcpunum: ' 1' is not a number"},
        Request{"1\n", {"0"}, "vcpunum: '1\\x0a' is not a number"},
        Request{"4", {"0"}, "vCPU 4 does not exist (this machine has vCPUs 0-3)"},
        Request{"4294967296", {"0"}, "vCPU 4294967296 does not exist (this machine has vCPUs 0-3)"},
        Request{"18446744073709551616",
                {"0"},
                "vCPU 18446744073709551616 does not exist (this machine has vCPUs 0-3)"},
        Request{"1", {"2"}, "vCPU 1 is pinned already (to host CPUs 0-1)"},
        Request{"01", {"0-1"}, "vCPU 1 is pinned already (to host CPUs 0-1)"},
        Request{"0", {""}, "affinity: the CPU list is empty"},
        Request{"0", {"0", ""}, "affinity: the CPU list is empty"},
        Request{"0", {"3-1"}, "affinity: '3-1': the range ends before it begins"},
        Request{"0", {"0-3", "^2"}, "affinity: '^2': CPU 2 is not in the list before it"},
        Request{"0", {"0-99"}, "host CPU 8 does not exist (this host has CPUs 0-7)"},
        Request{"0", {"4-6"}, "host CPU 6 is offline (online: 0-5)"},
        Request{"0", {"0", "4-5"}, "host CPU 4 is outside the set this process may use (0-3)"}));

TEST_F(PinTable, NamesTheRangeOfASmallMachine) {
  EXPECT_EQ(add(table(1), "1", {"0"}), "vCPU 1 does not exist (this machine has vCPU 0 only)");
  EXPECT_EQ(add(table(0), "0", {"0"}), "vCPU 0 does not exist (this machine has no vCPUs)");
}

TEST_F(PinTable, LendsPinsThatStayWhereTheyAre) {
  const Table many = table(1000);
  ASSERT_EQ(add(many, "500", {"2"}), "");
  const vcpupin_cpus *lent = vcpupin_table_vcpu(many.get(), 500);
  for (unsigned vcpu = 0; vcpu < 1000; ++vcpu) {
    if (vcpu != 500) {
      ASSERT_EQ(add(many, std::to_string(vcpu).c_str(), {"0"}), "");
    }
  }
  EXPECT_EQ(vcpupin_table_vcpu(many.get(), 500), lent);
  EXPECT_EQ(list_of(lent), "2");
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
  const Table big(vcpupin_table_new(root.read().get(), 1, false));
  EXPECT_EQ(add(big, "0", {"8191"}),
            "host CPU 8191 is outside the set this process may use (0-8190)");
  EXPECT_EQ(add(big, "0", {"1024-8190:1000"}), "");
  EXPECT_EQ(pin_of(big, 0), "1024,2024,3024,4024,5024,6024,7024,8024");
}

TEST_F(PinTable, FreeTakesNull) {
  vcpupin_table_free(nullptr);
}

} // namespace
