/*
 * Threads that inherit a vCPU's pin, without QEMU, get the emulator's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "pinning_test.h"

#include <sched.h>
#include <thread>

using namespace std::chrono_literals;

/* The kernel makes its helper out of the first thread that runs a vCPU. */
TEST_P(KvmVcpus, TheKernelsHelperInheritsTheEmulatorsPin) {
  auto plain = running(spec());
  ASSERT_TRUE(plain);
  if (count_threads(*plain, "kvm-nx-lpage-re") == 0)
    GTEST_SKIP() << "this kernel has no kvm-nx-lpage-recovery thread in the process";
  auto guest = running(with(pinned({{0, b}, {1, b}}), {"-emulatorpin", "affinity=" + a}));
  ASSERT_TRUE(guest);
  EXPECT_GT(count_threads(*guest, "kvm-nx-lpage-re"), 0U);
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {b}}}, {a}}), none);

  guest = running(pinned({{0, b}, {1, b}}));
  ASSERT_TRUE(guest);
  EXPECT_GT(count_threads(*guest, "kvm-nx-lpage-re"), 0U);
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {b}}}, {start}}), none);
}

TEST_P(VcpuThreads, AStrayThreadIsMovedToTheEmulatorsCpus) {
  GuestSpec spec = with(pinned({{0, b}, {1, b}}), {"-S", "-emulatorpin", "affinity=" + a});
  spec.environment = {std::string("LD_PRELOAD=") + STRAY_THREAD};
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  const Asked asked = {{{0, {b}}, {1, {b}}}, {a}};
  EXPECT_EQ(differences(*guest, asked).size(), 2U) << "one stray thread a vCPU";
  ASSERT_EQ(execute(*guest, "cont"), "");
  EXPECT_EQ(lasting_differences(*guest, asked), none);
  EXPECT_GT(count_threads(*guest, "stray"), 0U);
}

TEST_P(VcpuThreads, WithoutAnEmulatorPinAStrayThreadGetsTheStartMask) {
  GuestSpec spec = pinned({{0, b}, {1, b}});
  spec.environment = {std::string("LD_PRELOAD=") + STRAY_THREAD};
  auto guest = running(spec);
  ASSERT_TRUE(guest);
  EXPECT_EQ(lasting_differences(*guest, {{{0, {b}}, {1, {b}}}, {start}}), none);
  EXPECT_GT(count_threads(*guest, "stray"), 0U);
}

TEST_P(VcpuThreads, AStrayThreadLosesTheRealTimePolicy) {
  if (!may_be_fifo())
    GTEST_SKIP() << "no right to real-time scheduling";
  GuestSpec spec = this->spec({"-vcpu", "0,affinity=" + b + ",sched=fifo,priority=3"});
  spec.environment = {std::string("LD_PRELOAD=") + STRAY_THREAD};
  auto guest = running(spec);
  ASSERT_TRUE(guest);
  EXPECT_EQ(lasting_differences(*guest, {{{0, {b, "fifo 3"}}, {1, {start}}}, {start}}), none);
  EXPECT_GT(count_threads(*guest, "stray"), 0U);
}

/* A thread that somebody has moved on purpose is not a stray thread, and nobody
 * looks after the first moments. */
TEST_P(VcpuThreads, NobodyIsMovedOnceTheGuestRuns) {
  auto guest = running(with(pinned({{0, b}, {1, b}}), {"-emulatorpin", "affinity=" + a}));
  ASSERT_TRUE(guest);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(usable[1], &cpus);
  /* How long the first moments are depends on the host: somebody who goes on looking moves it
   * back each time. */
  EXPECT_TRUE(comes_true([&] {
    EXPECT_EQ(sched_setaffinity(guest->pid(), sizeof cpus, &cpus), 0);
    std::this_thread::sleep_for(300ms);
    return differences(*guest, {{{0, {b}}, {1, {b}}}, {a}}).size() == 1;
  }));
}
