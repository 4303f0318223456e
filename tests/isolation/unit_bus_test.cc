/*
 * Properties of systemd's units, read back from systemd, from its files and from the
 * kernel. Runs as root on a host that systemd runs and that is ours to break: the lab's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/unit_bus.h"

#include "base/text_file.h"
#include "kernel/cpuset_group.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace qemu_pin {

namespace {

using namespace std::chrono_literals;

constexpr const char *setting = "system.slice AllowedCPUs";

UnitSetting property_of(const std::string &name) {
  return std::get<UnitSetting>(*setting_named(UnitSetting::kind, name));
}

/* What a command prints, without its last newline. */
std::string output(const std::string &command) {
  FILE *pipe = popen(command.c_str(), "r");
  std::string text;
  std::array<char, 256> piece{};
  while (pipe && fgets(piece.data(), piece.size(), pipe))
    text += piece.data();
  if (pipe)
    pclose(pipe);
  return text.substr(0, text.find_last_not_of('\n') + 1);
}

std::string shown(const std::string &unit, const std::string &property) {
  return output("systemctl show --value -p " + property + " " + unit);
}

std::string value(const std::string &setting) {
  auto value = read_unit_property(property_of(setting));
  if (!value)
    return "error: " + value.error().message;
  return *value ? **value : "nothing";
}

/* "" when all went well. */
std::string write(const std::string &setting, const std::string &value) {
  const auto written = write_unit_property(Host(), property_of(setting), value);
  return written ? "" : written.error().message;
}

/* All that systemd has of its units at runtime, and the cpusets. */
std::string traces() {
  return output("cd /run/systemd; find system.control transient -exec ls -ld --time-style=+ {} + "
                "2>/dev/null | sort -k 6; find system.control transient -type f 2>/dev/null | sort "
                "| xargs -r cat; systemctl show -p NeedDaemonReload system.slice user.slice "
                "init.scope; cd /sys/fs/cgroup; grep -rs '' --include=cpuset.cpus "
                "--include=cpuset.mems --include=cgroup.subtree_control . | sort");
}

class UnitBus : public testing::Test {
protected:
  void SetUp() override {
    if (!is_systemd_host(Host()) || geteuid() != 0)
      GTEST_SKIP() << "needs root, and systemd and cgroup v2 on a host that may be changed";
    if (getenv("QEMU_PIN_LAB") == nullptr)
      GTEST_SKIP() << "changes the host: needs QEMU_PIN_LAB";
    before_ = traces();
  }

  std::string before_;
};

TEST(UnitSettings, ListsAreReadWhole) {
  const auto written = write_unit_property(Host(), property_of(setting), "0-1,x\n");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().number, EINVAL);
  EXPECT_NE(written.error().message.find("'x'"), std::string::npos) << written.error().message;
}

/* Who took that for a unit that is gone would take it for restored. */
TEST(UnitSettings, SystemdThatCannotBeReachedIsNoUnitThatIsGone) {
  if (std::filesystem::exists("/run/systemd/private"))
    GTEST_SKIP() << "systemd runs here";
  setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
  auto value = read_unit_property(property_of(setting));
  const auto written = write_unit_property(Host(), property_of(setting), "0\n");
  unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
  ASSERT_FALSE(value);
  EXPECT_NE(value.error().message.find("systemd cannot be reached"), std::string::npos);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().number, ECONNREFUSED);
}

TEST_F(UnitBus, ValueIsSystemdsAndTheKernels) {
  ASSERT_EQ(value(setting), "");
  ASSERT_EQ(write(setting, "0-1,3\n"), "");
  EXPECT_EQ(value(setting), "0-1,3\n");
  EXPECT_EQ(shown("system.slice", "AllowedCPUs"), "0-1 3");
  EXPECT_EQ(Host().line_of("/sys/fs/cgroup/system.slice/cpuset.cpus"), "0-1,3");
  ASSERT_EQ(write(setting, "2\n"), "");
  EXPECT_EQ(value(setting), "2\n");
  EXPECT_EQ(Host().line_of("/sys/fs/cgroup/system.slice/cpuset.cpus"), "2");
  ASSERT_EQ(write(setting, ""), "");
}

TEST_F(UnitBus, EmptyValueLeavesNoTrace) {
  for (const char *one : {setting, "user.slice AllowedCPUs", "init.scope AllowedCPUs",
                          "system.slice AllowedMemoryNodes"})
    ASSERT_EQ(write(one, "0\n"), "");
  ASSERT_NE(traces(), before_);
  for (const char *one : {"system.slice AllowedMemoryNodes", setting, "user.slice AllowedCPUs",
                          "init.scope AllowedCPUs"}) {
    ASSERT_EQ(write(one, ""), "");
    EXPECT_EQ(value(one), "");
  }
  EXPECT_EQ(traces(), before_);
  EXPECT_EQ(shown("system.slice", "NeedDaemonReload"), "no");
}

/* What comes next, threads' masks for one, must not be undone by systemd later. */
TEST_F(UnitBus, ControlGroupsAreSettledOnReturn) {
  const auto cpusets = [] {
    std::string text = Host().line_of("/sys/fs/cgroup/cgroup.subtree_control");
    for (const char *group : {"system.slice", "user.slice", "init.scope"})
      text += "; " + Host().line_of(std::string("/sys/fs/cgroup/") + group + "/cpuset.cpus");
    return text;
  };
  for (const char *list : {"0-1\n", "2\n", ""}) {
    for (const char *one : {setting, "user.slice AllowedCPUs"}) {
      ASSERT_EQ(write(one, list), "");
      const std::string now = cpusets();
      std::this_thread::sleep_for(1s);
      EXPECT_EQ(cpusets(), now) << one << " " << list;
    }
  }
}

TEST_F(UnitBus, AdministratorsRuntimeValueComesBackWithItsDropIn) {
  output("systemctl set-property --runtime system.slice AllowedCPUs=0-5 MemoryHigh=900M");
  const std::string set = traces();
  ASSERT_EQ(value(setting), "0-5\n");
  ASSERT_EQ(write(setting, "0-1\n"), "");
  ASSERT_EQ(write(setting, "0-5\n"), "");
  EXPECT_EQ(traces(), set);
  ASSERT_EQ(write(setting, ""), "");
  EXPECT_EQ(value(setting), "");
  EXPECT_EQ(shown("system.slice", "MemoryHigh"), std::to_string(900 << 20));
  output("systemctl revert system.slice; systemctl daemon-reload; "
         "rmdir /run/systemd/system.control");
}

TEST_F(UnitBus, ValueOfAFileComesBackFromTheFile) {
  const std::string folder = "/etc/systemd/system/user.slice.d";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/own.conf") << "[Slice]\nAllowedCPUs=0-1 3\nAllowedCPUs=5\n";
  output("systemctl daemon-reload");
  const std::string set = traces();
  ASSERT_EQ(value("user.slice AllowedCPUs"), "0-1,3,5\n");
  ASSERT_EQ(write("user.slice AllowedCPUs", "0\n"), "");
  ASSERT_NE(traces(), set);
  ASSERT_EQ(write("user.slice AllowedCPUs", "0-1,3,5\n"), "");
  EXPECT_EQ(traces(), set);
  std::filesystem::remove_all(folder);
  output("systemctl daemon-reload");
}

/* The kernel refuses to empty a set while there are processes, and systemd leaves it so. */
TEST_F(UnitBus, GroupIsWideAgainWhileAnotherUnitStillHasASet) {
  ASSERT_EQ(write("user.slice AllowedCPUs", "0-2\n"), "");
  ASSERT_EQ(write(setting, "0-1\n"), "");
  ASSERT_EQ(write(setting, ""), "");
  EXPECT_EQ(Host().line_of("/sys/fs/cgroup/system.slice/cpuset.cpus.effective"),
            Host().line_of("/sys/fs/cgroup/cpuset.cpus.effective"));
  EXPECT_EQ(Host().line_of("/sys/fs/cgroup/user.slice/cpuset.cpus"), "0-2");
  ASSERT_EQ(write("user.slice AllowedCPUs", ""), "");
  EXPECT_EQ(traces(), before_);
}

TEST_F(UnitBus, UnitThatIsNotThereHasNothing) {
  EXPECT_EQ(value("nosuch.slice AllowedCPUs"), "nothing");
  const auto written = write_unit_property(Host(), property_of("nosuch.slice AllowedCPUs"), "0\n");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().number, ENOENT);
  EXPECT_NE(written.error().message.find("nosuch.slice AllowedCPUs"), std::string::npos);
}

TEST_F(UnitBus, SystemdItselfAnswersWhenThereIsNoBus) {
  setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
  EXPECT_EQ(write(setting, "0-1\n"), "");
  EXPECT_EQ(value(setting), "0-1\n");
  EXPECT_EQ(write(setting, ""), "");
  unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
  EXPECT_EQ(traces(), before_);
}

TEST_F(UnitBus, CpusThatTheHostLacksAreRefused) {
  const auto written = write_unit_property(Host(), property_of(setting), "200\n");
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("system.slice AllowedCPUs"), std::string::npos);
  ASSERT_EQ(write(setting, ""), "");
  EXPECT_EQ(traces(), before_);
}

/* Whoever restores again asks first what is there, and leaves alone what is as it was. */
TEST_F(UnitBus, RestoringMayBeKilledAtAnyTime) {
  for (const auto delay : {0ms, 30ms, 100ms, 400ms}) {
    ASSERT_EQ(write(setting, "0-1\n"), "");
    const pid_t child = fork();
    if (child == 0) {
      (void)write_unit_property(Host(), property_of(setting), "");
      _exit(0);
    }
    std::this_thread::sleep_for(delay);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    if (value(setting) != "") {
      ASSERT_EQ(write(setting, ""), "");
    }
    EXPECT_EQ(traces(), before_) << "killed after " << delay.count() << " ms";
  }
}

TEST_F(UnitBus, ScopeHoldsTheProcessAndEndsWithIt) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  const auto started = start_scope("qemu-pin-2-7.scope", child);
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_EQ(Host().line_of("/proc/" + std::to_string(child) + "/cgroup"), "0::/qemu-pin-2-7.scope");
  EXPECT_EQ(shown("qemu-pin-2-7.scope", "Delegate"), "yes");
  EXPECT_EQ(shown("qemu-pin-2-7.scope", "ActiveState"), "active");
  const auto again = start_scope("qemu-pin-2-7.scope", child);
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("qemu-pin-2-7.scope"), std::string::npos);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  for (int i = 0; i < 2000 && value("qemu-pin-2-7.scope AllowedCPUs") != "nothing"; ++i)
    std::this_thread::sleep_for(50ms);
  EXPECT_EQ(value("qemu-pin-2-7.scope AllowedCPUs"), "nothing");
  EXPECT_EQ(traces().find("qemu-pin"), std::string::npos);
}

TEST_F(UnitBus, ScopeForAProcessThatHasEndedIsAnError) {
  const pid_t child = fork();
  if (child == 0)
    _exit(0);
  waitpid(child, nullptr, 0);
  const auto started = start_scope("qemu-pin-2-7.scope", child);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("qemu-pin-2-7.scope"), std::string::npos)
      << started.error().message;
}

} // namespace

} // namespace qemu_pin
