/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/memory.h"

#include "planned.h"

using namespace qemu_pin;

namespace {

constexpr const char *drop_caches = "/proc/sys/vm/drop_caches";
constexpr const char *compact_memory = "/proc/sys/vm/compact_memory";

using MemorySteps = StepTest;

TEST_F(MemorySteps, CachesAreDroppedOfPagesAndSlabs) {
  host.write(drop_caches, "0");
  host.write(compact_memory, "0");
  const StepPlan made = planned(plan_caches);
  const auto outcomes = carry_out(host.host(), made);
  EXPECT_EQ(host.read(drop_caches), "3");
  EXPECT_EQ(host.read(compact_memory), "0");
  EXPECT_EQ(made.tell(outcomes),
            StepLines{"page cache, dentries and inodes dropped, but for what is not on disk yet"});
}

TEST_F(MemorySteps, MemoryIsCompacted) {
  host.write(drop_caches, "0");
  host.write(compact_memory, "0");
  const StepPlan made = planned(plan_compact);
  const auto outcomes = carry_out(host.host(), made);
  EXPECT_EQ(host.read(compact_memory), "1");
  EXPECT_EQ(host.read(drop_caches), "0");
  EXPECT_EQ(made.tell(outcomes), StepLines{"memory compacted"});
}

TEST_F(MemorySteps, KernelThatCannotIsNoError) {
  const StepPlan compact = planned(plan_compact), caches = planned(plan_caches);
  EXPECT_TRUE(compact.operations.empty());
  EXPECT_EQ(compact.tell({}),
            StepLines{"this kernel cannot: it has no /proc/sys/vm/compact_memory"});
  EXPECT_TRUE(caches.operations.empty());
  EXPECT_EQ(caches.tell({}), StepLines{"this kernel cannot: it has no /proc/sys/vm/drop_caches"});
}

/* The kernel's files can be written and not read, even by root. */
TEST(MemoryFiles, OfThisHostAreSeen) {
  const Host host;
  if (host.names_in("/proc/sys/vm").empty())
    GTEST_SKIP() << "no /proc/sys/vm here";
  const auto names = host.names_in("/proc/sys/vm");
  if (std::find(names.begin(), names.end(), "compact_memory") == names.end())
    GTEST_SKIP() << "this kernel has no compact_memory";
  auto made = plan_compact(host, request_for({0}), {});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->operations.size(), 1U);
}

} // namespace
