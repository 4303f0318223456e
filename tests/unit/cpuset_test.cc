/*
 * A real cpuset of fewer CPUs than the host has: what a container or a systemd
 * slice does to a process.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "threads.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>

namespace {

std::string read_line(const std::string &path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

bool write_line(const std::string &path, const std::string &line) {
  std::ofstream file(path);
  file << line << std::flush;
  return static_cast<bool>(file);
}

/* A child cgroup of one CPU, gone with the variable. */
class Cpuset {
public:
  /* Where cgroup v1 or v2 is mounted and ours to change, or nothing. */
  static std::unique_ptr<Cpuset> make(const std::string &cpu) {
    for (const char *mount : {"/sys/fs/cgroup/cpuset", "/sys/fs/cgroup"}) {
      std::unique_ptr<Cpuset> cpuset(new Cpuset(mount));
      if (cpuset->fill(cpu))
        return cpuset;
    }
    return nullptr;
  }

  Cpuset(const Cpuset &) = delete;
  Cpuset &operator=(const Cpuset &) = delete;
  ~Cpuset() {
    ::rmdir(folder_.c_str());
    if (controller_added_)
      write_line(mount_ + "/cgroup.subtree_control", "-cpuset");
  }

  bool put_self() const {
    return write_line(folder_ + "/cgroup.procs", std::to_string(::getpid()));
  }

  bool widen_to(const std::string &list) const {
    return write_line(folder_ + "/cpuset.cpus", list);
  }

private:
  explicit Cpuset(const std::string &mount)
      : mount_(mount), folder_(mount + "/vcpupin-test-" + std::to_string(::getpid())) {}

  bool fill(const std::string &cpu) {
    const std::string enabled = mount_ + "/cgroup.subtree_control";
    if (::access(enabled.c_str(), W_OK) == 0 &&
        read_line(enabled).find("cpuset") == std::string::npos)
      controller_added_ = write_line(enabled, "+cpuset");
    if (::mkdir(folder_.c_str(), 0755) != 0)
      return false;
    /* v1 starts without memory nodes, and then takes no process; v2 inherits. */
    const std::string mems = read_line(mount_ + "/cpuset.mems");
    return write_line(folder_ + "/cpuset.cpus", cpu) &&
           (mems.empty() || write_line(folder_ + "/cpuset.mems", mems));
  }

  std::string mount_;
  std::string folder_;
  bool controller_added_ = false;
};

class InCpuset : public testing::Test {
protected:
  void SetUp() override {
    if (usable_.size() < 2)
      GTEST_SKIP() << "needs two CPUs";
    inside_ = std::to_string(usable_[0]);
    outside_ = std::to_string(usable_[1]);
    cpuset_ = Cpuset::make(inside_);
    if (!cpuset_)
      GTEST_SKIP() << "needs a cgroup mount with cpuset that this user may change";
  }

  /* What body returns in a process inside the cpuset. */
  std::string inside(const std::function<std::string()> &body) const {
    return in_child(
        [&] { return cpuset_->put_self() ? body() : std::string("cannot enter the cpuset"); });
  }

  std::vector<unsigned> usable_ = usable_cpus();
  std::string inside_;
  std::string outside_;
  std::unique_ptr<Cpuset> cpuset_;
};

TEST_F(InCpuset, AllowedIsTheCpusetsSet) {
  EXPECT_EQ(inside([] {
              return list_of(vcpupin_host_allowed(Host(vcpupin_host_read(nullptr, nullptr)).get()));
            }),
            inside_);
}

TEST_F(InCpuset, PinOutsideIsRejectedNamingTheSet) {
  EXPECT_EQ(inside([&] {
              const Host host(vcpupin_host_read(nullptr, nullptr));
              Message message;
              vcpupin_host_check(host.get(), cpus(outside_).get(), message.out());
              return message.str();
            }),
            "host CPU " + outside_ + " is outside the set this process may use (" + inside_ + ")");
}

TEST_F(InCpuset, MaskThatReachesOutsideIsNotSilentlyNarrowed) {
  /* The thread has the cpuset's mask, so that what the kernel gives and what
   * the thread had are the same: only the comparison with what was asked tells. */
  const std::string both = list_of(cpus(inside_ + "," + outside_));
  EXPECT_EQ(inside([&] { return apply(both) + "; " + mask_in_proc(); }),
            "asked for host CPUs " + both + ", the kernel gave only " + inside_ + "; " + inside_);
}

TEST_F(InCpuset, PinThatWasTheWholeCpusetStaysWhenTheCpusetGrows) {
  const auto after_widening = [&](const std::function<void()> &pin) {
    return inside([&] {
      pin();
      cpuset_->widen_to(inside_ + "," + outside_);
      return mask_in_proc();
    });
  };
  const std::string by_kernel = after_widening([&] {
    cpu_set_t bits;
    CPU_ZERO(&bits);
    CPU_SET(usable_[0], &bits);
    sched_setaffinity(0, sizeof bits, &bits);
  });
  if (by_kernel != inside_)
    GTEST_SKIP() << "this kernel forgets a thread's own mask when its cpuset changes (before 6.2)";
  ASSERT_TRUE(cpuset_->widen_to(inside_));
  EXPECT_EQ(after_widening([&] { EXPECT_EQ(apply(inside_), ""); }), inside_);
}

TEST_F(InCpuset, MaskWhollyOutsideIsRefused) {
  EXPECT_EQ(inside([&] { return apply(outside_); }),
            "the kernel refuses to pin this thread to host CPU " + outside_ +
                ": no such CPU is online in this process's cpuset");
}

} // namespace
