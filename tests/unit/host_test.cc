/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "captured_root.h"
#include "threads.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

/* Why the captured host cannot be read; the root's own name is left out. */
std::string why_unreadable(const CapturedRoot &root) {
  Message message;
  if (Host(vcpupin_host_read(root.path().c_str(), message.out())))
    return "(it was read)";
  std::string text = message.str();
  if (const std::size_t at = text.find(root.path()); at != std::string::npos)
    text.replace(at, root.path().size(), "ROOT");
  return text;
}

std::string check(const Host &host, const std::string &list) {
  Message message;
  return vcpupin_host_check(host.get(), cpus(list).get(), message.out()) ? "" : message.str();
}

TEST(CapturedHost, SetsComeFromItsFiles) {
  const Host host = CapturedRoot("0-7", "0-5,7", "2-3").read();
  ASSERT_TRUE(host);
  EXPECT_EQ(list_of(vcpupin_host_present(host.get())), "0-7");
  EXPECT_EQ(list_of(vcpupin_host_online(host.get())), "0-5,7");
  EXPECT_EQ(list_of(vcpupin_host_allowed(host.get())), "2-3");
}

TEST(CapturedHost, WithoutStatusFileEveryOnlineCpuIsAllowed) {
  const CapturedRoot root("0-7", "0-5", "0");
  std::filesystem::remove_all(root.path() + "/proc");
  EXPECT_EQ(list_of(vcpupin_host_allowed(root.read().get())), "0-5");
}

TEST(CapturedHost, MissingFileIsNamed) {
  for (const char *file : {present_file, online_file}) {
    const CapturedRoot root("0-7", "0-5", "0");
    std::filesystem::remove(root.path() + "/" + file);
    EXPECT_EQ(why_unreadable(root),
              "cannot read ROOT/" + std::string(file) + ": No such file or directory");
  }
}

TEST(CapturedHost, BrokenFileIsNamedWithTheOffendingPiece) {
  for (const char *file : {present_file, online_file}) {
    const CapturedRoot root("0-7", "0-5", "0");
    root.dir().write(file, "0-3,x\n");
    EXPECT_EQ(why_unreadable(root), "ROOT/" + std::string(file) + ": 'x' is not a number");
    root.dir().write(file, "");
    EXPECT_EQ(why_unreadable(root), "ROOT/" + std::string(file) + ": the CPU list is empty");
    root.dir().write(file, "0\n1\n");
    EXPECT_EQ(why_unreadable(root), "ROOT/" + std::string(file) + ": '0\\x0a1' is not a number");
  }
}

TEST(CapturedHost, BrokenStatusFileIsNamed) {
  const CapturedRoot root("0-7", "0-5", "0");
  root.dir().write(status_file, "Name:\tqemu\nCpus_allowed:\tff\n");
  EXPECT_EQ(why_unreadable(root), "ROOT/proc/self/status: there is no Cpus_allowed_list");
  root.dir().write(status_file, "Cpus_allowed_list:\t0-\n");
  EXPECT_EQ(why_unreadable(root), "ROOT/proc/self/status: '0-': a number is missing after '-'");
}

TEST(CapturedHost, StatusFileThatCannotBeReadIsNotAMissingOne) {
  const CapturedRoot root("0-7", "0-5", "0");
  std::filesystem::remove(root.path() + "/" + status_file);
  std::filesystem::create_directory(root.path() + "/" + status_file);
  EXPECT_EQ(why_unreadable(root), "cannot read ROOT/proc/self/status: Is a directory");
  std::filesystem::remove(root.path() + "/" + status_file);
  std::filesystem::create_symlink("status", root.path() + "/" + status_file);
  EXPECT_EQ(why_unreadable(root),
            "cannot read ROOT/proc/self/status: Too many levels of symbolic links");
}

TEST(CapturedHost, RootThatIsNoFolderIsAnError) {
  Message message;
  EXPECT_FALSE(Host(vcpupin_host_read("/nonexistent\n", message.out())));
  EXPECT_EQ(message.str(), "cannot read /nonexistent\\x0a/sys/devices/system/cpu/present: No such "
                           "file or directory");
}

TEST(HostCheck, AllowedCpusPass) {
  EXPECT_EQ(check(CapturedRoot("0-7", "0-5", "2-3").read(), "2-3"), "");
}

TEST(HostCheck, LowestBadCpuIsNamedAbsentBeforeOfflineBeforeForbidden) {
  const Host host = CapturedRoot("0-7", "0-5", "2-3").read();
  EXPECT_EQ(check(host, "0-9"), "host CPU 8 does not exist (this host has CPUs 0-7)");
  EXPECT_EQ(check(host, "0-7"), "host CPU 6 is offline (online: 0-5)");
  EXPECT_EQ(check(host, "0-5"), "host CPU 0 is outside the set this process may use (2-3)");
  EXPECT_EQ(check(host, "2-4"), "host CPU 4 is outside the set this process may use (2-3)");
}

TEST(HostCheck, HostOfOneCpuReadsWell) {
  EXPECT_EQ(check(CapturedRoot("0", "0", "0").read(), "1"),
            "host CPU 1 does not exist (this host has CPU 0)");
}

TEST(HostCheck, CpusBeyond1023AreTold) {
  const Host host = CapturedRoot("0-8191", "0-8000", "0-7999").read();
  EXPECT_EQ(check(host, "1023-7999"), "");
  EXPECT_EQ(check(host, "8000"), "host CPU 8000 is outside the set this process may use (0-7999)");
  EXPECT_EQ(check(host, "8001"), "host CPU 8001 is offline (online: 0-8000)");
  EXPECT_EQ(check(host, "8192"), "host CPU 8192 does not exist (this host has CPUs 0-8191)");
}

TEST(LiveHost, SetsAreTheKernels) {
  const auto kernels = [](const char *name) {
    std::string list;
    std::ifstream(std::string("/sys/devices/system/cpu/") + name) >> list;
    return list;
  };
  const Host host(vcpupin_host_read(nullptr, nullptr));
  ASSERT_TRUE(host);
  EXPECT_EQ(list_of(vcpupin_host_present(host.get())), kernels("present"));
  EXPECT_EQ(list_of(vcpupin_host_online(host.get())), kernels("online"));
}

TEST(LiveHost, AllowedIsWideThoughTheCallerIsNarrow) {
  const std::vector<unsigned> usable = usable_cpus();
  if (usable.size() < 2)
    GTEST_SKIP() << "needs two CPUs";
  in_thread([&] {
    const std::string narrow = std::to_string(usable[1]);
    ASSERT_EQ(apply(narrow), "");
    const Host host(vcpupin_host_read(nullptr, nullptr));
    ASSERT_TRUE(host);
    for (const unsigned cpu : usable)
      EXPECT_TRUE(vcpupin_cpus_contains(vcpupin_host_allowed(host.get()), cpu));
    EXPECT_EQ(mask_in_proc(), narrow) << "the caller's own mask must not change";
  });
}

TEST(LiveHost, WhereAffinityIsForbiddenTheCallersOwnIsAllowed) {
  const std::vector<unsigned> usable = usable_cpus();
  if (usable.size() < 2)
    GTEST_SKIP() << "needs two CPUs";
  in_thread([&] {
    const std::string narrow = std::to_string(usable[1]);
    ASSERT_EQ(apply(narrow), "");
    if (!refuse_syscall(SYS_sched_setaffinity, EPERM))
      GTEST_SKIP() << "needs seccomp filters";
    const Host host(vcpupin_host_read(nullptr, nullptr));
    ASSERT_TRUE(host);
    EXPECT_EQ(list_of(vcpupin_host_allowed(host.get())), narrow);
  });
}

TEST(LiveHost, ThreadThatCannotStartIsAnError) {
  in_thread([] {
    if (!refuse_syscall(SYS_clone3, EAGAIN) || !refuse_syscall(SYS_clone, EAGAIN))
      GTEST_SKIP() << "needs seccomp filters";
    Message message;
    EXPECT_FALSE(Host(vcpupin_host_read(nullptr, message.out())));
    EXPECT_EQ(message.str(), "cannot start a thread to learn which host CPUs this process may "
                             "use: Resource temporarily unavailable");
  });
}

TEST(Host, FreeTakesNull) {
  vcpupin_host_free(nullptr);
}

} // namespace
