/*
 * The library compiled as for another system than Linux: it builds, it fails
 * with a reason, and what needs no kernel still works.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "captured_root.h"

#include <gtest/gtest.h>

namespace {

constexpr const char *reason = "pinning needs a Linux host";

TEST(NotLinux, LiveHostCannotBeRead) {
  Message message;
  EXPECT_FALSE(Host(vcpupin_host_read(nullptr, message.out())));
  EXPECT_EQ(message.str(), reason);
}

TEST(NotLinux, AffinityCannotBeRead) {
  Message message;
  EXPECT_FALSE(Cpus(vcpupin_cpus_read_affinity(0, message.out())));
  EXPECT_EQ(message.str(), reason);
}

TEST(NotLinux, NothingIsPinned) {
  EXPECT_EQ(apply("0"), reason);
}

TEST(NotLinux, CapturedHostCanBeRead) {
  const Host host = CapturedRoot("0-7", "0-5", "2-3").read();
  ASSERT_TRUE(host);
  EXPECT_EQ(list_of(vcpupin_host_allowed(host.get())), "2-3");
}

} // namespace
