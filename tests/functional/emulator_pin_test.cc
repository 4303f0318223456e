/*
 * -emulatorpin: every thread that is neither a vCPU nor a pinned iothread.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "pinning_test.h"

using namespace std::chrono_literals;

TEST_P(VcpuThreads, AllThatIsNeitherVcpuNorPinnedIothreadIsTheEmulators) {
  auto guest =
      running(with(pinned({{0, b}}), {"-name", "debug-threads=on", "-emulatorpin", "affinity=" + a,
                                      "-object", "iothread,id=io0", "-object", "iothread,id=io1",
                                      "-iothreadpin", "io1,affinity=" + b}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {start}}}, {a}, {{"io1", {b}}}}), none);
}

TEST_P(VcpuThreads, AVcpuThatIsNotNamedKeepsTheStartMaskAndNotTheEmulators) {
  GuestSpec spec = with(pinned({{1, a}}), {"-emulatorpin", "affinity=" + a});
  spec.smp = "3";
  spec.affinity = {usable[1]};
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {a}}, {2, {b}}}, {a}}), none);
}

TEST_P(VcpuThreads, AloneItMovesEveryThreadButTheVcpus) {
  auto guest = running(spec({"-emulatorpin", "affinity=" + b}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(differences(*guest, {{{0, {start}}, {1, {start}}}, {b}}), none);
}

/* call_rcu is there before any option is read; the main loop creates workers, and an
 * iothread creates those for its block nodes. */
TEST_P(VcpuThreads, ThreadsOfBeforeAndOfLaterAreTheEmulatorsToo) {
  auto files = TempDir::make();
  ASSERT_TRUE(files);
  std::vector<Child> readers;
  auto guest =
      started(with(with(pinned({{0, b}, {1, b}}),
                        {"-name", "debug-threads=on", "-emulatorpin", "affinity=" + a, "-object",
                         "iothread,id=io0", "-iothreadpin", "io0,affinity=" + b}),
                   disks(*files)));
  ASSERT_TRUE(guest);
  const Asked asked = {{{0, {b}}, {1, {b}}}, {a}, {{"io0", {b}}}};
  EXPECT_EQ(differences(*guest, asked), none);
  EXPECT_EQ(count_threads(*guest, "worker"), 0U);

  serve_disks(*guest, *files);
  readers.push_back(reader(*guest, *files, "main"));
  EXPECT_EQ(differences(*guest, asked), none);
  readers.push_back(reader(*guest, *files, "io0"));
  EXPECT_EQ(differences(*guest, asked), none);
}

TEST_P(VcpuThreads, WithoutItWorkersOfAPinnedIothreadHaveTheStartMask) {
  auto files = TempDir::make();
  ASSERT_TRUE(files);
  std::vector<Child> readers;
  auto guest = started(with(
      spec({"-object", "iothread,id=io0", "-iothreadpin", "io0,affinity=" + b}), disks(*files)));
  ASSERT_TRUE(guest);
  serve_disks(*guest, *files);
  readers.push_back(reader(*guest, *files, "io0"));
  EXPECT_EQ(differences(*guest, {{{0, {start}}, {1, {start}}}, {start}, {{"io0", {b}}}}), none);
}

TEST_P(VcpuThreads, AnEmulatorPinThatCannotHoldIsRefused) {
  expect_refused(spec({"-emulatorpin", "sched=batch"}),
                 " -emulatorpin sched=batch: affinity is missing");
  expect_refused(spec({"-emulatorpin", "affinity=x"}),
                 " -emulatorpin affinity=x: affinity: 'x' is not a number");
  expect_refused(spec({"-emulatorpin", "affinity=" + a, "-emulatorpin", "affinity=" + b}),
                 " -emulatorpin affinity=" + b + ": the emulator is pinned already (to host CPU " +
                     a + ")");
  expect_refused(spec({"-emulatorpin", "affinity=" + a + ",vcpunum=0"}),
                 " -emulatorpin affinity=" + a + ",vcpunum=0: Invalid parameter 'vcpunum'");
}

TEST_P(VcpuThreads, PinsOfEveryKindMayComeFromAConfigurationFile) {
  auto files = TempDir::make();
  ASSERT_TRUE(files);
  write_text(files->file("pins"), "[emulatorpin]\n  affinity = \"" + a +
                                      "\"\n\n[iothreadpin]\n  iothread = \"io0\"\n  affinity = \"" +
                                      b + "\"\n\n[vcpu]\n  vcpunum = \"1\"\n  affinity = \"" + b +
                                      "\"\n");
  auto guest = started(spec({"-object", "iothread,id=io0", "-readconfig", files->file("pins")}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(differences(*guest, {{{0, {start}}, {1, {b}}}, {a}, {{"io0", {b}}}}), none);
}
