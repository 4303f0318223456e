/*
 * Which cpuset a thread is in, as captured hosts of both cgroup versions tell it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "harness/cpuset.h"
#include "harness/temp_dir.h"
#include "kernel/cpuset_group.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace qemu_pin;

namespace {

class Host {
public:
  Host() : root_(std::move(*TempDir::make())) {}
  void write(const std::string &path, const std::string &text) const {
    const std::filesystem::path file = root_.path() + path;
    std::filesystem::create_directories(file.parent_path());
    write_text(file, text);
  }
  std::string found() const {
    const auto group = cpuset_of(40, root_.path());
    return group ? group->path + " " + cpu_list(group->cpus) : "none";
  }

private:
  TempDir root_;
};

const char *const v2_mount =
    "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";

TEST(CpusetGroup, OfVersion2IsTheEffectiveOne) {
  Host host;
  host.write("/proc/self/mountinfo",
             "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n" + std::string(v2_mount));
  host.write("/proc/40/cgroup", "0::/machine.slice/win.scope\n");
  host.write("/sys/fs/cgroup/machine.slice/win.scope/cpuset.cpus.effective", "2-3\n");
  EXPECT_EQ(host.found(), "/machine.slice/win.scope 2-3");
}

TEST(CpusetGroup, OfVersion2WithoutTheControllerIsItsParents) {
  Host host;
  host.write("/proc/self/mountinfo", v2_mount);
  host.write("/proc/40/cgroup", "0::/user.slice/a/b\n");
  host.write("/sys/fs/cgroup/user.slice/cpuset.cpus.effective", "0-5\n");
  EXPECT_EQ(host.found(), "/user.slice 0-5");
}

TEST(CpusetGroup, OfVersion1IsThatOfItsController) {
  Host host;
  host.write("/proc/self/mountinfo",
             "30 24 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
             "31 24 0:27 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset,clone_children\n");
  host.write("/proc/40/cgroup", "4:cpu,cpuacct:/other\n3:cpuset:/machine/win\n0::/unified\n");
  host.write("/sys/fs/cgroup/cpuset/machine/win/cpuset.effective_cpus", "7\n");
  EXPECT_EQ(host.found(), "/machine/win 7");
}

TEST(CpusetGroup, OfAHostWithoutCpusetsIsNone) {
  Host host;
  EXPECT_EQ(host.found(), "none");
  host.write("/proc/40/cgroup", "4:cpu,cpuacct:/other\nnonsense\n");
  host.write("/proc/self/mountinfo", "nonsense\n30 24 0:26 / /cpu rw - cgroup cgroup rw,cpu\n");
  EXPECT_EQ(host.found(), "none");
}

TEST(CpusetGroup, OfAThreadOfOursIsTheOneWeMade) {
  auto made = Cpuset::make("0");
  if (!made)
    GTEST_SKIP() << made.error().message;
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  std::ofstream(made->folder() + "/cgroup.procs") << child << std::flush;
  const auto group = cpuset_of(child);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  ASSERT_TRUE(group);
  EXPECT_TRUE(made->folder().ends_with(group->path)) << group->path;
  EXPECT_EQ(group->cpus, CpuSet{0});
}

} // namespace
