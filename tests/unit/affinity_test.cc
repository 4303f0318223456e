/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "threads.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string>
#include <vector>

namespace {

class Affinity : public testing::Test {
protected:
  void SetUp() override {
    if (usable_.size() < 2)
      GTEST_SKIP() << "needs two CPUs";
    first_ = std::to_string(usable_[0]);
    second_ = std::to_string(usable_[1]);
    /* The form the kernel prints: "0-1", or "0,4" where they do not touch. */
    both_ = list_of(cpus(first_ + "," + second_));
  }

  std::vector<unsigned> usable_ = usable_cpus();
  std::string first_;
  std::string second_;
  std::string both_;
};

TEST_F(Affinity, PinnedThreadHasTheMaskInTheKernelsBooks) {
  in_thread([&] {
    for (const std::string &pin : {second_, both_, first_}) {
      EXPECT_EQ(apply(pin), "");
      EXPECT_EQ(mask_in_proc(), pin);
      EXPECT_EQ(own_affinity(), pin);
    }
  });
}

TEST_F(Affinity, OnlyTheCallingThreadIsPinned) {
  const std::string before = mask_in_proc();
  in_thread([&] { EXPECT_EQ(apply(second_), ""); });
  EXPECT_EQ(mask_in_proc(), before);
}

TEST_F(Affinity, ThreadThatHasTheMaskAlreadyNeedsNoPermission) {
  in_thread([&] {
    ASSERT_EQ(apply(second_), "");
    if (!refuse_syscall(SYS_sched_setaffinity, EPERM))
      GTEST_SKIP() << "needs seccomp filters";
    EXPECT_EQ(apply(second_), "");
  });
}

TEST_F(Affinity, RefusalSaysWhatWouldAllowIt) {
  in_thread([&] {
    ASSERT_EQ(apply(second_), "");
    if (!refuse_syscall(SYS_sched_setaffinity, EPERM))
      GTEST_SKIP() << "needs seccomp filters";
    EXPECT_EQ(apply(first_), "the kernel refuses to pin this thread to host CPU " + first_ +
                                 ": Operation not permitted (this needs no capability; a seccomp "
                                 "filter or a security module must permit sched_setaffinity)");
    EXPECT_EQ(mask_in_proc(), second_);
  });
}

TEST_F(Affinity, OtherRefusalIsNamed) {
  in_thread([&] {
    ASSERT_EQ(apply(second_), "");
    if (!refuse_syscall(SYS_sched_setaffinity, EBUSY))
      GTEST_SKIP() << "needs seccomp filters";
    EXPECT_EQ(apply(first_), "the kernel refuses to pin this thread to host CPU " + first_ +
                                 ": Device or resource busy");
  });
}

/* Linux has at most 8,192 CPUs, so that this one never exists. It drops such
 * CPUs from a mask without a word. */
constexpr const char *no_cpu = "1048575";

TEST_F(Affinity, MaskTheKernelNarrowsIsAnErrorAndTheFormerIsBack) {
  in_thread([&] {
    ASSERT_EQ(apply(second_), "");
    EXPECT_EQ(apply(first_ + "," + no_cpu),
              "asked for host CPUs " + first_ + "," + no_cpu + ", the kernel gave only " + first_);
    EXPECT_EQ(mask_in_proc(), second_);
  });
}

TEST_F(Affinity, FormerMaskThatCannotBePutBackIsTold) {
  in_thread([&] {
    ASSERT_EQ(apply(second_), "");
    /* Lets the long mask of no_cpu pass, and not the short one of the way back. */
    if (!refuse_syscall(SYS_sched_setaffinity, EPERM, 2048))
      GTEST_SKIP() << "needs seccomp filters";
    EXPECT_EQ(apply(first_ + "," + no_cpu),
              "asked for host CPUs " + first_ + "," + no_cpu + ", the kernel gave only " + first_ +
                  "; the former " + second_ + " cannot be put back: Operation not permitted");
  });
}

TEST_F(Affinity, MaskWithoutAnyUsableCpuIsRefused) {
  in_thread([&] {
    ASSERT_EQ(apply(second_), "");
    EXPECT_EQ(apply(no_cpu), "the kernel refuses to pin this thread to host CPU 1048575: no such "
                             "CPU is online in this process's cpuset");
    EXPECT_EQ(mask_in_proc(), second_);
  });
}

TEST_F(Affinity, KernelWithMasksOfManyCpusIsAskedAgainWithMoreRoom) {
  in_thread([&] {
    ASSERT_EQ(apply(second_), "");
    /* What a kernel for more than 16,384 CPUs answers to a smaller buffer. */
    if (!refuse_syscall(SYS_sched_getaffinity, EINVAL, 16384 / 8))
      GTEST_SKIP() << "needs seccomp filters";
    EXPECT_EQ(own_affinity(), second_);
    EXPECT_EQ(apply(both_), "");
    EXPECT_EQ(mask_in_proc(), both_);
  });
}

TEST_F(Affinity, MaskThatCannotBeReadIsAnError) {
  in_thread([&] {
    if (!refuse_syscall(SYS_sched_getaffinity, EPERM))
      GTEST_SKIP() << "needs seccomp filters";
    const std::string expected =
        "cannot read which host CPUs this thread may use: Operation not permitted";
    Message message;
    EXPECT_FALSE(Cpus(vcpupin_cpus_read_affinity(0, message.out())));
    EXPECT_EQ(message.str(), expected);
    EXPECT_EQ(apply(first_), expected);
  });
}

} // namespace
