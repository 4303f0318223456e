/* Work in a child process, and how it ends. SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/limited_work.h"

#include <cerrno>
#include <csignal>
#include <gtest/gtest.h>
#include <memory>
#include <unistd.h>

namespace {

using qemu_pin::do_limited;
using qemu_pin::Error;
using qemu_pin::Result;
using qemu_pin::WorkLimits;

constexpr WorkLimits ample_limits = {.memory = 100U << 20, .cpu_ms = 60'000, .ms = 60'000};

TEST(LimitedWork, GivesWhatTheWorkGives) {
  for (const std::string &text : {std::string(), std::string("e"), std::string(1U << 20, '\0')}) {
    const auto done = do_limited([&]() -> Result<std::string> { return text; }, ample_limits);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(*done, text);
  }
}

TEST(LimitedWork, FailsAsTheWorkFails) {
  const auto done =
      do_limited([]() -> Result<std::string> { return Error{"no such host"}; }, ample_limits);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "no such host");
  EXPECT_EQ(done.error().number, 0);
}

TEST(LimitedWork, SurvivesACrash) {
  const auto done = do_limited(
      []() -> Result<std::string> {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
        return "";
      },
      ample_limits);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "signal 11: Segmentation fault");
  EXPECT_EQ(done.error().number, EFAULT);
}

TEST(LimitedWork, EndsWhatLoops) {
  WorkLimits limits = ample_limits;
  limits.cpu_ms = 50;
  const auto done = do_limited(
      []() -> Result<std::string> {
        for (;;)
          getppid();
      },
      limits);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "it takes more than 50 ms");
  EXPECT_EQ(done.error().number, ETIME);
}

TEST(LimitedWork, EndsWhatWaits) {
  WorkLimits limits = ample_limits;
  limits.ms = 50;
  const auto done = do_limited(
      []() -> Result<std::string> {
        for (;;)
          pause();
      },
      limits);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "it takes more than 50 ms");
}

TEST(LimitedWork, EndsWhatTakesAllMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer's allocator does not throw";
#else
  const auto done = do_limited(
      []() -> Result<std::string> { return std::string(std::size_t{1} << 30, 'x'); }, ample_limits);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "it takes more than 100 MiB of memory");
  EXPECT_EQ(done.error().number, ENOMEM);
#endif
}

TEST(LimitedWork, LeavesThisProcessAsItWas) {
  ASSERT_TRUE(do_limited([]() -> Result<std::string> { return ""; }, ample_limits));
  const std::string room(std::size_t{200} << 20, 'x');
  EXPECT_EQ(room.back(), 'x');
}

} // namespace
