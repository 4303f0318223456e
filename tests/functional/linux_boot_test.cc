/*
 * A real guest: Debian's kernel boots to user space on four pinned vCPUs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "pinning_test.h"

#include <sstream>
#include <thread>

using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

class LinuxGuest : public PinningTest {};

} // namespace

TEST_P(LinuxGuest, BootsToUserSpaceOnPinnedVcpus) {
  auto files = TempDir::make();
  ASSERT_TRUE(files);
  auto maker = Child::start({{LINUX_GUEST_SCRIPT}, files->file("paths"), files->file("errors")});
  ASSERT_TRUE(maker) << maker.error().message;
  const auto made = maker->wait(1h);
  ASSERT_TRUE(made) << "making the Linux guest does not end";
  if (made != 0)
    GTEST_SKIP() << "no Linux guest can be made: " << read_text(files->file("errors"));
  std::istringstream paths(read_text(files->file("paths")));
  std::string kernel, initramfs;
  ASSERT_TRUE(std::getline(paths, kernel) && std::getline(paths, initramfs));

  const Masks expected = {{0, b}, {1, a}, {2, b}, {3, a}};
  GuestSpec spec = pinned({{0, b}, {1, a}, {2, b}, {3, a}});
  spec.smp = "4";
  spec.image = "bios-256k.bin";
  spec.more.insert(spec.more.end(),
                   {"-m", "256", "-no-reboot", "-kernel", kernel, "-initrd", initramfs, "-append",
                    "console=ttyS0 panic=-1", "-serial", "file:" + files->file("serial")});
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  auto threads = guest->vcpu_threads();
  ASSERT_TRUE(threads) << threads.error().message;

  const std::string marker = "user space with 4 CPUs";
  const auto deadline = steady_clock::now() + 20min;
  auto serial = [&] { return read_text(files->file("serial")); };
  while (serial().find(marker) == std::string::npos && guest->running() &&
         steady_clock::now() < deadline) {
    const Masks found = masks(guest->pid(), *threads);
    if (!guest->running())
      break;
    ASSERT_EQ(found, expected) << serial();
    std::this_thread::sleep_for(200ms);
  }
  EXPECT_NE(serial().find(marker), std::string::npos) << serial();
  while (guest->running() && steady_clock::now() < deadline)
    std::this_thread::sleep_for(50ms);
  EXPECT_FALSE(guest->running()) << "it did not power off\n" << serial();
}

INSTANTIATE_TEST_SUITE_P(Pinning, LinuxGuest, testing::ValuesIn(machines({"tcg,thread=multi"})),
                         machine_name);
