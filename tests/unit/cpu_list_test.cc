/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "handles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <random>
#include <set>
#include <string>

namespace {

struct Case {
  const char *list;
  const char *expected;
};

std::ostream &operator<<(std::ostream &os, const Case &c) {
  return os << "'" << c.list << "'";
}

class ValidList : public testing::TestWithParam<Case> {};

TEST_P(ValidList, NamesTheseCpus) {
  Message message;
  const Cpus cpus(vcpupin_cpus_parse(GetParam().list, message.out()));
  ASSERT_TRUE(cpus) << message.str();
  EXPECT_EQ(list_of(cpus), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    CpuList, ValidList,
    testing::Values(Case{"0", "0"}, Case{"3", "3"}, Case{"007", "7"}, Case{"0-3", "0-3"},
                    Case{"5-5", "5"}, Case{"0,1", "0-1"}, Case{"8,0-3", "0-3,8"},
                    Case{"0-3,2-5,3", "0-5"}, Case{"0,2,1", "0-2"},
                    Case{"0-14:2", "0,2,4,6,8,10,12,14"}, Case{"0-3,8,10-14:2", "0-3,8,10,12,14"},
                    Case{"0-3:1", "0-3"}, Case{"4-9:100", "4"}, Case{"0-3,^2", "0-1,3"},
                    Case{"0-3,^3,^0", "1-2"}, Case{"1,^1,2", "2"}, Case{"1,2,^2,2", "1-2"},
                    Case{"63,64", "63-64"}, Case{"0,64,^64", "0"}, Case{"1022-1025", "1022-1025"},
                    Case{"8191", "8191"}, Case{"1048575", "1048575"}));

class InvalidList : public testing::TestWithParam<Case> {};

TEST_P(InvalidList, IsRejectedNamingThePiece) {
  Message message;
  const Cpus cpus(vcpupin_cpus_parse(GetParam().list, message.out()));
  EXPECT_FALSE(cpus) << list_of(cpus);
  EXPECT_EQ(message.str(), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    CpuList, InvalidList,
    testing::Values(
        Case{"", "the CPU list is empty"}, Case{"x", "'x' is not a number"},
        Case{"all", "'all' is not a number"}, Case{"0x3", "'0x3' is not a number"},
        Case{"1.5", "'1.5' is not a number"}, Case{"+3", "'+3' is not a number"},
        Case{"-3", "'-3': a number is missing before '-'"},
        Case{"-", "'-': a number is missing before '-'"},
        Case{"3-", "'3-': a number is missing after '-'"},
        Case{"0--3", "'0--3': '-3' is not a number"}, Case{" ", "' ' is not a number"},
        Case{" 3", "' 3' is not a number"}, Case{"3 ", "'3 ' is not a number"},
        Case{"0, 1", "' 1' is not a number"}, Case{"0 1", "'0 1' is not a number"},
        Case{"0\n", "'0\\x0a' is not a number"}, Case{"0;1", "'0;1' is not a number"},
        Case{"0-1-2", "'0-1-2': '1-2' is not a number"}, Case{"x-3", "'x-3': 'x' is not a number"},
        Case{"0-3,4-y", "'4-y': 'y' is not a number"},
        Case{",", "',': a CPU is missing before the first comma"},
        Case{",0", "',0': a CPU is missing before the first comma"},
        Case{"0,", "'0,': a CPU is missing after the last comma"},
        Case{"0,,1", "'0,,1': a CPU is missing between two commas"},
        Case{"3-1", "'3-1': the range ends before it begins"},
        Case{"0,7-6:2", "'7-6:2': the range ends before it begins"},
        Case{"0-3:0", "'0-3:0': the stride must be 1 or more"},
        Case{"0-3:", "'0-3:': a number is missing after ':'"},
        Case{"0-3:x", "'0-3:x': 'x' is not a number"},
        Case{"0-3:-1", "'0-3:-1': '-1' is not a number"},
        Case{"0-14:2/4", "'0-14:2/4': '2/4' is not a number"},
        Case{"0-3:1:1", "'0-3:1:1': '1:1' is not a number"},
        Case{"3:2", "'3:2': a stride needs a range, as in 0-14:2"},
        Case{":2", "':2': a stride needs a range, as in 0-14:2"},
        Case{"^", "'^': a number is missing after '^'"}, Case{"0,^x", "'^x': 'x' is not a number"},
        Case{"0,^^0", "'^^0': '^0' is not a number"},
        Case{"0-3,^1-2", "'^1-2': '^' takes out one CPU, not a range"},
        Case{"0-3,^1:2", "'^1:2': '^' takes out one CPU, not a range"},
        Case{"0-3,^5", "'^5': CPU 5 is not in the list before it"},
        Case{"^0,0", "'^0': CPU 0 is not in the list before it"},
        Case{"0-3,^1,^1", "'^1': CPU 1 is not in the list before it"},
        Case{"0,^0", "'0,^0': no CPU is left"},
        Case{"1048576", "'1048576' is out of range (the limit is 1048575)"},
        Case{"0-1048576", "'0-1048576': '1048576' is out of range (the limit is 1048575)"},
        Case{"4294967296", "'4294967296' is out of range (the limit is 1048575)"},
        Case{"0-3:18446744073709551618",
             "'0-3:18446744073709551618': '18446744073709551618' is out of range (the limit is "
             "1048575)"},
        /* An en dash, as word processors make of '-'. */
        Case{"0\xe2\x80\x93"
             "3",
             "'0\\xe2\\x80\\x933' is not a number"}));

TEST(CpuList, LongTextIsShortenedInMessages) {
  Message message;
  const std::string list(1000, 'x');
  EXPECT_FALSE(Cpus(vcpupin_cpus_parse(list.c_str(), message.out())));
  EXPECT_EQ(message.str(), "'" + std::string(60, 'x') + "...' is not a number");
}

TEST(CpuList, ErrorMayBeNull) {
  EXPECT_FALSE(Cpus(vcpupin_cpus_parse("x", nullptr)));
}

TEST(CpuList, SuccessLeavesErrorUntouched) {
  char untouched[] = "untouched";
  char *error = untouched;
  EXPECT_TRUE(Cpus(vcpupin_cpus_parse("0", &error)));
  EXPECT_EQ(error, untouched);
}

TEST(CpuSet, ContainsWhatWasNamedAndNothingElse) {
  const Cpus set = cpus("0-14:2,4096");
  EXPECT_EQ(vcpupin_cpus_count(set.get()), 9U);
  EXPECT_TRUE(vcpupin_cpus_contains(set.get(), 14));
  EXPECT_TRUE(vcpupin_cpus_contains(set.get(), 4096));
  EXPECT_FALSE(vcpupin_cpus_contains(set.get(), 13));
  EXPECT_FALSE(vcpupin_cpus_contains(set.get(), 4095));
  EXPECT_FALSE(vcpupin_cpus_contains(set.get(), 4097));
  EXPECT_FALSE(vcpupin_cpus_contains(set.get(), ~0U));
}

TEST(CpuSet, EqualityIsOfMembersNotOfText) {
  EXPECT_TRUE(vcpupin_cpus_equal(cpus("0-3").get(), cpus("3,2,1,0").get()));
  EXPECT_TRUE(vcpupin_cpus_equal(cpus("0,9000,^9000").get(), cpus("0").get()));
  EXPECT_FALSE(vcpupin_cpus_equal(cpus("0-3").get(), cpus("0-2").get()));
  EXPECT_FALSE(vcpupin_cpus_equal(cpus("0").get(), cpus("0,9000").get()));
}

TEST(CpuSet, CopyOutlivesItsOriginal) {
  Cpus original = cpus("0-3,8");
  const Cpus copy(vcpupin_cpus_copy(original.get(), nullptr));
  original.reset();
  EXPECT_EQ(list_of(copy), "0-3,8");
}

TEST(CpuSet, FreeTakesNull) {
  vcpupin_cpus_free(nullptr);
}

/* A random list and, worked out here with a plain std::set, what it means. */
class RandomList {
public:
  explicit RandomList(std::mt19937 &random) : random_(random) {
    /* Half of the lists are of small hosts, where pieces overlap and touch. */
    const unsigned limit = pick(0, 1) == 0 ? 100 : VCPUPIN_CPU_MAX;
    for (unsigned n = pick(1, 8); n > 0; --n) {
      const unsigned first = pick(0, limit);
      const unsigned last = std::min(first + pick(0, 200), VCPUPIN_CPU_MAX);
      const unsigned stride = pick(1, 5);
      append(std::to_string(first) + "-" + std::to_string(last) + ":" + std::to_string(stride));
      for (unsigned cpu = first; cpu <= last; cpu += stride)
        members_.insert(cpu);
      if (members_.size() > 1 && pick(0, 2) == 0) {
        const unsigned taken = *members_.rbegin();
        append("^" + std::to_string(taken));
        members_.erase(taken);
      }
    }
  }

  const std::string &text() const { return text_; }
  const std::set<unsigned> &members() const { return members_; }

private:
  unsigned pick(unsigned low, unsigned high) {
    return std::uniform_int_distribution<unsigned>(low, high)(random_);
  }
  void append(const std::string &piece) { text_ += (text_.empty() ? "" : ",") + piece; }

  std::mt19937 &random_;
  std::string text_;
  std::set<unsigned> members_;
};

TEST(CpuListProperty, ParsedSetHoldsExactlyItsMembers) {
  std::mt19937 random(1); // the same lists each time
  for (int round = 0; round < 500; ++round) {
    const RandomList list(random);
    const Cpus set = cpus(list.text());
    ASSERT_TRUE(set) << list.text();
    ASSERT_EQ(vcpupin_cpus_count(set.get()), list.members().size()) << list.text();
    for (const unsigned cpu : list.members())
      ASSERT_TRUE(vcpupin_cpus_contains(set.get(), cpu)) << cpu << " of " << list.text();
  }
}

TEST(CpuListProperty, FormattedSetParsesToTheSameSet) {
  std::mt19937 random(2); // the same lists each time
  for (int round = 0; round < 500; ++round) {
    const RandomList list(random);
    const Cpus set = cpus(list.text());
    ASSERT_TRUE(set) << list.text();
    const std::string text = list_of(set);
    const Cpus again = cpus(text);
    ASSERT_TRUE(again) << text;
    ASSERT_TRUE(vcpupin_cpus_equal(set.get(), again.get())) << list.text() << " -> " << text;
  }
}

} // namespace
