/* What a setting gets, whoever asks for it, and the masks and lists that it is written in. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/host_change.h"

#include <gtest/gtest.h>

using namespace qemu_pin;
using Want = Claim::Want;

namespace {

const CpuSet online = {0, 1, 2, 3, 4, 5, 6, 7};

struct WantedCase {
  ValueFormat format;
  std::string means, before;
  std::vector<Claim> claims;
  std::string wanted;
};

class Wanted : public testing::TestWithParam<WantedCase> {};

} // namespace

TEST_P(Wanted, FollowsFromWhatWasBeforeAndWhoAsks) {
  const WantedCase &one = GetParam();
  const SettingChange change{FileSetting{"/x"}, one.format, one.means,
                             one.before,        one.before, one.claims};
  auto wanted = wanted_value(change, online);
  ASSERT_TRUE(wanted) << wanted.error().message;
  EXPECT_EQ(*wanted, one.wanted);
}

INSTANTIATE_TEST_SUITE_P(
    All, Wanted,
    testing::Values(
        WantedCase{ValueFormat::list, "", "0-3\n", {}, "0-3\n"},
        WantedCase{ValueFormat::list, "0-7", "\n", {}, "\n"},
        WantedCase{
            ValueFormat::list, "", "0-3\n", {{IsolationId({2, 3}), Want::without, "2-3"}}, "0-1\n"},
        WantedCase{ValueFormat::list,
                   "0-7",
                   "\n",
                   {{IsolationId({2, 3}), Want::without, "2-3"}},
                   "0-1,4-7\n"},
        /* Two, in either order. */
        WantedCase{ValueFormat::list,
                   "",
                   "0-5\n",
                   {{IsolationId({2}), Want::without, "2"}, {IsolationId({4}), Want::without, "4"}},
                   "0-1,3,5\n"},
        /* Nothing left that is online: all that nobody took. */
        WantedCase{ValueFormat::list,
                   "",
                   "2\n",
                   {{IsolationId({2, 3}), Want::without, "2-3"}},
                   "0-1,4-7\n"},
        WantedCase{ValueFormat::list,
                   "",
                   "2,8-9\n",
                   {{IsolationId({2}), Want::without, "2"}},
                   "0-1,3-7\n"},
        WantedCase{
            ValueFormat::list, "", "\n", {{IsolationId({2, 3}), Want::with, "2-3"}}, "2-3\n"},
        WantedCase{
            ValueFormat::list, "", "5\n", {{IsolationId({2, 3}), Want::with, "2-3"}}, "2-3,5\n"},
        /* Whoever names a value has it; the last of them. */
        WantedCase{ValueFormat::list,
                   "",
                   "0-7\n",
                   {{IsolationId({2}), Want::value, "2\n"}, {IsolationId({4}), Want::without, "4"}},
                   "2\n"},
        WantedCase{ValueFormat::text,
                   "",
                   "powersave\n",
                   {{IsolationId({2}), Want::value, "performance\n"}},
                   "performance\n"},
        WantedCase{
            ValueFormat::mask, "", "ff\n", {{IsolationId({2, 3}), Want::without, "2-3"}}, "f3\n"},
        WantedCase{ValueFormat::mask,
                   "",
                   "00000000,000000ff\n",
                   {{IsolationId({0}), Want::without, "0"}},
                   "00000000,000000fe\n"}));

TEST(WantedValue, FailsOnWhatIsNoSet) {
  const SettingChange change{
      FileSetting{"/x"}, ValueFormat::list, "",
      "some\n",          "some\n",          {{IsolationId({2}), Want::without, "2"}}};
  auto wanted = wanted_value(change, online);
  ASSERT_FALSE(wanted);
  EXPECT_NE(wanted.error().message.find("/x"), std::string::npos) << wanted.error().message;
}

TEST(CpuMask, IsReadAsTheKernelPrintsIt) {
  const std::vector<std::pair<std::string, CpuSet>> cases = {
      {"0", {}},
      {"1", {0}},
      {"f3", {0, 1, 4, 5, 6, 7}},
      {"00000001,00000000", {32}},
      {"80000000,00000000,00000001", {0, 95}},
  };
  for (const auto &[text, cpus] : cases) {
    auto read = read_cpu_mask(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(*read, cpus) << text;
    EXPECT_EQ(cpu_mask(cpus, text), text);
  }
  for (const char *bad : {"", "x", "0x1", "ff ", ",", "-1"})
    EXPECT_FALSE(read_cpu_mask(bad)) << bad;
}

TEST(CpuMask, GrowsBeyondWhatItIsLike) {
  EXPECT_EQ(cpu_mask({4}, "f"), "10");
  EXPECT_EQ(cpu_mask({32}, "f"), "1,00000000");
}
