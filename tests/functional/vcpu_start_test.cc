/*
 * When a vCPU's thread gets its mask: before KVM makes the vCPU, before guest
 * code runs, and however QEMU is started.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "pinning_test.h"

#include <filesystem>
#include <sstream>

namespace {

/* The lines of a log by strace -f that begin with the thread's id, joined, once
 * the log has text in it. */
std::string calls_of(pid_t thread, const std::string &log, const std::string &text) {
  std::string calls;
  comes_true([&] {
    calls.clear();
    std::istringstream lines(read_text(log));
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with(std::to_string(thread) + " "))
        calls += line + "\n";
    return calls.find(text) != std::string::npos;
  });
  return calls;
}

} // namespace

TEST_P(VcpuPinning, MasksAreInForceBeforeGuestCodeRuns) {
  GuestSpec spec = pinned({{0, b}, {1, b}});
  spec.more.emplace_back("-S");
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  EXPECT_EQ(masks(*guest), (Masks{{0, b}, {1, b}}));
  EXPECT_EQ(strays(*guest, start), std::vector<std::string>{});
  EXPECT_EQ(guest->reported(), "");

  ASSERT_TRUE(guest->monitor().execute("cont"));
  EXPECT_TRUE(guest->wait_reported(2));
  EXPECT_EQ(masks(*guest), (Masks{{0, b}, {1, b}}));
}

TEST_P(VcpuPinning, MasksAreInForceOnceAPreconfiguredMachineIsMade) {
  GuestSpec spec = pinned({{0, b}, {1, b}});
  spec.more.emplace_back("-preconfig");
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  auto done = guest->monitor().execute("x-exit-preconfig");
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(masks(*guest), (Masks{{0, b}, {1, b}}));
}

TEST_P(VcpuPinning, APinMayComeFromAConfigurationFile) {
  auto folder = TempDir::make();
  ASSERT_TRUE(folder);
  write_text(folder->file("pins.conf"), "[vcpu]\n  vcpunum = \"0\"\n  affinity = \"" + b +
                                            "\"\n\n[vcpu]\n  vcpunum = \"1\"\n  affinity = \"" + b +
                                            "\"\n");
  auto guest = started(spec({"-readconfig", folder->file("pins.conf")}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(masks(*guest), (Masks{{0, b}, {1, b}}));
}

TEST_P(VcpuPinning, ADaemonsVcpusArePinnedToo) {
  Subreaper subreaper;
  auto files = TempDir::make();
  ASSERT_TRUE(files);
  GuestSpec spec = pinned({{0, b}, {1, b}});
  spec.more.insert(spec.more.end(), {"-daemonize", "-pidfile", files->file("pid")});
  auto launcher = Child::start({command_line(spec, files->path()), "", files->file("errors")});
  ASSERT_TRUE(launcher) << launcher.error().message;
  ASSERT_EQ(launcher->wait(), 0) << read_text(files->file("errors"));

  Child daemon = Child::adopt(std::stoi(read_text(files->file("pid"))));
  auto monitor = connect_when_ready(files->file("qmp"), daemon);
  ASSERT_TRUE(monitor) << monitor.error().message;
  auto threads = vcpu_threads(*monitor);
  ASSERT_TRUE(threads) << threads.error().message;
  EXPECT_EQ(masks(daemon.pid(), *threads), (Masks{{0, b}, {1, b}}));
}

/* So that the kernel takes the vCPU's memory from the node it will run on. */
TEST_P(KvmVcpus, AMaskIsSetBeforeKvmMakesTheVcpu) {
  if (!std::filesystem::exists("/usr/bin/strace"))
    GTEST_SKIP() << "strace is not installed";
  auto files = TempDir::make();
  ASSERT_TRUE(files);
  const std::string log = files->file("strace");
  GuestSpec spec = pinned({{0, b}, {1, a}});
  spec.prefix = {"/usr/bin/strace", "-D", "-f", "-o", log, "-e", "trace=ioctl,sched_setaffinity"};
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  auto threads = guest->vcpu_threads();
  ASSERT_TRUE(threads) << threads.error().message;
  ASSERT_EQ(threads->size(), 2U);
  for (const auto &[vcpu, thread] : *threads) {
    const std::string calls = calls_of(thread, log, "KVM_CREATE_VCPU");
    const std::string mask = "[" + (vcpu ? a : b) + "]";
    const std::size_t pinned_at = calls.find(mask);
    ASSERT_NE(pinned_at, std::string::npos) << calls;
    EXPECT_LT(pinned_at, calls.find("KVM_CREATE_VCPU")) << calls;
  }
}
