/*
 * Hosts that exist, captured as files, with the oddities nobody would invent.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "handles.h"
#include "harness/temp_dir.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

class RealHost : public testing::Test {
protected:
  /* Unpacks an archive of the folder of captures; false if it is not there. */
  bool unpack(const std::string &name) {
    const char *chosen = std::getenv("VCPUPIN_TOPOLOGIES");
    archive_ =
        std::string(chosen != nullptr ? chosen : VCPUPIN_TOPOLOGIES) + "/" + name + ".tar.bz2";
    if (!std::filesystem::exists(archive_))
      return false;
    const std::string command =
        "tar -xjf '" + archive_ + "' -C '" + dir_.path() + "' --strip-components=1";
    return std::system(command.c_str()) == 0;
  }

  std::string root() const { return dir_.path(); }
  std::string archive() const { return archive_; }

  std::string check(const std::string &list) const {
    Message message;
    const Host host(vcpupin_host_read(root().c_str(), message.out()));
    if (!host)
      return message.str();
    return vcpupin_host_check(host.get(), cpus(list).get(), message.out()) ? "" : message.str();
  }

private:
  TempDir dir_;
  std::string archive_;
};

TEST_F(RealHost, WithCpu0Offline) {
  if (!unpack("offline-cpu0-node0"))
    GTEST_SKIP() << "needs " << archive();
  EXPECT_EQ(check("4-20"), "");
  EXPECT_EQ(check("0"), "host CPU 0 is offline (online: 4-20)");
  EXPECT_EQ(check("20-22"), "host CPU 21 is offline (online: 4-20)");
  /* It has room for 192, which are not there. */
  EXPECT_EQ(check("23-24"), "host CPU 24 does not exist (this host has CPUs 0-23)");
}

TEST_F(RealHost, WithSparseNumbering) {
  if (!unpack("48amd64-4pa2n6c-sparse"))
    GTEST_SKIP() << "needs " << archive();
  EXPECT_EQ(check("0-47"), "");
  EXPECT_EQ(check("0,48"), "host CPU 48 does not exist (this host has CPUs 0-47)");
}

TEST_F(RealHost, WithRoomForMoreCpusThanAreThere) {
  if (!unpack("32amd64-4s2n4c-cgroup2"))
    GTEST_SKIP() << "needs " << archive();
  EXPECT_EQ(check("0-31"), "");
  EXPECT_EQ(check("32"), "host CPU 32 does not exist (this host has CPUs 0-31)");
}

TEST_F(RealHost, OfAKernelTooOldToListItsCpus) {
  if (!unpack("16em64t-4s2c2t-offlines"))
    GTEST_SKIP() << "needs " << archive();
  EXPECT_EQ(check("0"),
            "cannot read " + root() + "/sys/devices/system/cpu/present: No such file or directory");
}

} // namespace
