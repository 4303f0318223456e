/*
 * Pins hold through all that happens to a machine: reset, migration, snapshots, and
 * the ways in which QEMU becomes another process or another user.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "pinning_test.h"

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace {

class Lifecycle : public PinningTestWithFiles {
protected:
  GuestSpec machine() const {
    return with(pinned({{0, b}, {1, a}}),
                {"-name", "debug-threads=on", "-emulatorpin", "affinity=" + a, "-object",
                 "iothread,id=io0", "-iothreadpin", "io0,affinity=" + b});
  }
  Asked asked() const { return {{{0, {b}}, {1, {a}}}, {a}, {{"io0", {b}}}}; }
};

} // namespace

TEST_P(Lifecycle, Reset) {
  auto guest = running(machine());
  ASSERT_TRUE(guest);
  EXPECT_EQ(execute(*guest, "system_reset"), "");
  EXPECT_TRUE(guest->wait_reported(4)) << guest->reported();
  EXPECT_EQ(differences(*guest, asked()), none);
}

TEST_P(Lifecycle, StopAndContinue) {
  auto guest = running(machine());
  ASSERT_TRUE(guest);
  EXPECT_EQ(execute(*guest, "stop"), "");
  EXPECT_EQ(differences(*guest, asked()), none);
  EXPECT_EQ(execute(*guest, "cont"), "");
  EXPECT_EQ(differences(*guest, asked()), none);
}

TEST_P(Lifecycle, MigrationToAFileAndBack) {
  auto guest = running(machine());
  ASSERT_TRUE(guest);
  /* Slow enough to be looked at. */
  EXPECT_EQ(execute(*guest, "migrate-set-parameters", {{"max-bandwidth", 20000}}), "");
  EXPECT_EQ(execute(*guest, "migrate", {{"uri", "exec:cat > " + files_->file("state")}}), "");
  const auto is_migrating = [&] {
    const auto names = thread_names(guest->pid());
    return std::any_of(names.begin(), names.end(), [](const std::string &name) {
      return name.find("migration") != std::string::npos || name.starts_with("mig/");
    });
  };
  EXPECT_TRUE(comes_true(is_migrating));
  EXPECT_EQ(differences(*guest, asked()), none);
  EXPECT_EQ(execute(*guest, "migrate-set-parameters", {{"max-bandwidth", 1 << 30}}), "");
  ASSERT_TRUE(comes_to(*guest, "query-migrate", "completed"));
  EXPECT_EQ(differences(*guest, asked()), none);
  guest.reset();

  auto arrived = started(with(machine(), {"-incoming", "exec:cat " + files_->file("state")}));
  ASSERT_TRUE(arrived);
  ASSERT_TRUE(comes_to(*arrived, "query-status", "running")) << arrived->errors();
  EXPECT_EQ(lasting_differences(*arrived, asked()), none);
}

TEST_P(Lifecycle, LoadingASnapshot) {
  auto guest = running(with_snapshots(machine()));
  ASSERT_TRUE(guest);
  EXPECT_EQ(hmp(*guest, "savevm here"), "");
  EXPECT_EQ(differences(*guest, asked()), none);
  EXPECT_EQ(hmp(*guest, "loadvm here"), "");
  EXPECT_EQ(differences(*guest, asked()), none);
}

TEST_P(Lifecycle, Daemonizing) {
  Subreaper subreaper;
  GuestSpec spec = with(machine(), {"-daemonize", "-pidfile", files_->file("pid")});
  auto launcher = Child::start({command_line(spec, files_->path()), "", files_->file("errors")});
  ASSERT_TRUE(launcher) << launcher.error().message;
  ASSERT_EQ(launcher->wait(), 0) << read_text(files_->file("errors"));
  Child daemon = Child::adopt(std::stoi(read_text(files_->file("pid"))));
  auto monitor = connect_when_ready(files_->file("qmp"), daemon);
  ASSERT_TRUE(monitor) << monitor.error().message;
  EXPECT_EQ(differences(daemon.pid(), *monitor, asked()), none);
}

TEST_P(Lifecycle, Preconfiguring) {
  auto guest = started(with(machine(), {"-preconfig"}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(execute(*guest, "x-exit-preconfig"), "");
  EXPECT_TRUE(guest->wait_reported(2));
  EXPECT_EQ(differences(*guest, asked()), none);
}

/* As another user QEMU may not schedule anything as fifo any more; a vCPU that is
 * plugged then is created from a thread context that could. */
TEST_P(Lifecycle, BecomingAnotherUser) {
  if (geteuid() != 0)
    GTEST_SKIP() << "needs root";
  if (!may_be_fifo())
    GTEST_SKIP() << "no right to real-time scheduling";
  auto help = Child::start({{GetParam().qemu, "-help"}, files_->file("help"), ""});
  ASSERT_TRUE(help && help->wait() == 0);
  const std::string text = read_text(files_->file("help"));
  std::vector<std::vector<std::string>> ways;
  if (text.find("-runas ") != std::string::npos)
    ways.push_back({"-runas", "nobody"});
  if (text.find("user=username") != std::string::npos)
    ways.push_back({"-run-with", "user=nobody"});
  ASSERT_FALSE(ways.empty());
  for (const auto &way : ways) {
    GuestSpec spec =
        with(with(machine(), way), {"-S", "-vcpu", "2,affinity=" + b + ",sched=fifo,priority=3"});
    spec.smp = "2,maxcpus=3";
    auto guest = started(spec);
    ASSERT_TRUE(guest) << way[0];
    struct stat status {};
    ASSERT_EQ(stat(("/proc/" + std::to_string(guest->pid()) + "/task").c_str(), &status), 0);
    EXPECT_EQ(differences(*guest, asked()).size(), 1U) << "the sleeping thread";
    const auto plugged = plug_all_vcpus(guest->monitor());
    EXPECT_TRUE(plugged) << plugged.error().message;
    Asked all = asked();
    all.vcpus[2] = {b, "fifo 3"};
    EXPECT_EQ(differences(*guest, all), none) << way[0];
  }
}

INSTANTIATE_TEST_SUITE_P(Pinning, Lifecycle,
                         testing::ValuesIn(machines({"kvm", "tcg,thread=multi"})), machine_name);
