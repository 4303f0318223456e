/*
 * A machine that libvirt runs: virt-qemu-run has all of libvirt's QEMU driver in it, in a
 * folder of its own, without a daemon.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "kernel/procfs.h"
#include "machine/qemu_process.h"
#include "qemu_pin_program.h"

#include <filesystem>
#include <signal.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

constexpr uid_t nobody = 65534; /* to root, libvirt's driver would need users of its own */

class LibvirtTest : public testing::Test {
protected:
  void SetUp() override {
    for (const char *program : {"/usr/bin/virt-qemu-run", "/usr/bin/qemu-system-x86_64"})
      if (!std::filesystem::exists(program))
        GTEST_SKIP() << program << " is not installed";
    auto cpus = usable_cpus();
    ASSERT_TRUE(cpus) << cpus.error().message;
    if (cpus->size() < 2)
      GTEST_SKIP() << "needs two host CPUs";
    a_ = std::to_string((*cpus)[0]);
    b_ = std::to_string((*cpus)[1]);
    auto folder = TempDir::make();
    ASSERT_TRUE(folder) << folder.error().message;
    folder_ = std::move(*folder);
    start();
  }

  void TearDown() override {
    if (libvirt_) {
      libvirt_->signal(SIGINT);
      EXPECT_TRUE(libvirt_->wait()) << "virt-qemu-run does not end";
    }
    auto left = guest();
    EXPECT_FALSE(left) << "libvirt leaves its guest";
    if (left)
      static_cast<void>(left->signal(SIGKILL));
  }

  static std::optional<qemu_pin::QemuProcess> guest() {
    auto processes = qemu_pin::qemu_processes(qemu_pin::Host());
    if (processes)
      for (qemu_pin::QemuProcess &process : *processes)
        if (process.guest_name() == "qemu-pin-libvirt-test")
          return std::move(process);
    return std::nullopt;
  }

  void start() {
    std::filesystem::create_directory(folder_->file("etc"));
    write_text(folder_->file("etc/qemu.conf"),
               "security_driver = \"none\"\ncgroup_controllers = []\nremember_owner = 0\n"
               "stdio_handler = \"file\"\n");
    write_text(
        folder_->file("domain.xml"),
        "<domain type='qemu'><name>qemu-pin-libvirt-test</name><memory unit='MiB'>32</memory>"
        "<vcpu>2</vcpu><iothreads>1</iothreads><cputune>"
        "<vcpupin vcpu='0' cpuset='" +
            b_ + "'/><vcpupin vcpu='1' cpuset='" + a_ +
            "'/>"
            "<emulatorpin cpuset='" +
            a_ + "'/><iothreadpin iothread='1' cpuset='" + b_ +
            "'/>"
            "</cputune><os><type arch='x86_64' machine='pc'>hvm</type></os><devices>"
            "<emulator>/usr/bin/qemu-system-x86_64</emulator><controller type='usb' model='none'/>"
            "<memballoon model='none'/></devices></domain>");
    Command command{{"virt-qemu-run", "--root", folder_->path(), folder_->file("domain.xml")},
                    folder_->file("output"),
                    folder_->file("errors"),
                    {"HOME=" + folder_->path(), "XDG_RUNTIME_DIR=" + folder_->path()}};
    if (geteuid() == 0) {
      for (const char *path : {"", "/etc", "/etc/qemu.conf", "/domain.xml"})
        ASSERT_EQ(chown((folder_->path() + path).c_str(), nobody, nobody), 0);
      command.user = nobody;
    }
    auto libvirt = Child::start(command);
    ASSERT_TRUE(libvirt) << libvirt.error().message;
    libvirt_ = std::move(*libvirt);
    comes_true([this] { return is_pinned() || libvirt_->wait(50ms); });
    if (!is_pinned())
      GTEST_SKIP() << "libvirt does not start a guest here: " << read_text(folder_->file("errors"));
  }

  /* All threads begin where the emulator is; iothreads are pinned last. */
  bool is_pinned() const {
    const auto process = guest();
    auto threads = process ? qemu_pin::Procfs().thread_ids(process->id())
                           : qemu_pin::Result<std::vector<pid_t>>(std::vector<pid_t>());
    for (const pid_t thread : threads ? *threads : std::vector<pid_t>()) {
      auto stat = qemu_pin::Procfs().stat(process->id(), thread);
      auto cpus = qemu_pin::Procfs().allowed_cpus(process->id(), thread);
      if (stat && *stat && (*stat)->name == "IO iothread1" && cpus && *cpus && (*cpus)->list == b_)
        return true;
    }
    return false;
  }

  std::vector<std::string> asked(const std::string &subcommand) const {
    return {subcommand,
            "--name",
            "qemu-pin-libvirt-test",
            "--",
            "-vcpu",
            "0,affinity=" + b_,
            "-vcpu",
            "1,affinity=" + a_,
            "-iothreadpin",
            "iothread1,affinity=" + b_};
  }

  std::string a_, b_;
  std::optional<TempDir> folder_;
  std::optional<Child> libvirt_;
};

TEST_F(LibvirtTest, IsShownVerifiedAndSet) {
  if (IsSkipped())
    return;
  const Ended show = qemu_pin_program({"show", "--json", "--name", "qemu-pin-libvirt-test"});
  ASSERT_EQ(show.status, 0) << show.errors;
  const auto machine = qemu_pin::parse_json(show.output)["machines"][0];
  auto ids = qemu_pin::Procfs().thread_ids(machine["pid"].get<pid_t>());
  ASSERT_TRUE(ids);
  EXPECT_EQ(machine["threads"].size(), ids->size());
  std::map<std::string, std::string> cpus;
  for (const auto &thread : machine["threads"]) {
    const pid_t id = thread["id"].get<pid_t>();
    auto allowed = qemu_pin::Procfs().allowed_cpus(machine["pid"].get<pid_t>(), id);
    ASSERT_TRUE(allowed && *allowed);
    EXPECT_EQ(thread["cpus"], (*allowed)->list);
    std::string role = thread["role"];
    if (role == "vcpu")
      role += std::to_string(thread["vcpus"][0].get<unsigned>());
    if (role == "iothread")
      role += thread["iothread"].get<std::string>();
    cpus[role] = thread["cpus"];
  }
  EXPECT_EQ(cpus["vcpu0"], b_);
  EXPECT_EQ(cpus["vcpu1"], a_);
  EXPECT_EQ(cpus["iothreadiothread1"], b_);

  const Ended verified = qemu_pin_program(asked("verify"));
  EXPECT_EQ(verified.status, 0) << verified.output << verified.errors;

  ASSERT_EQ(qemu_pin_program({"set", "--name", "qemu-pin-libvirt-test", "vcpu=1:" + b_}).status, 0);
  const Ended moved = qemu_pin_program(asked("verify"));
  EXPECT_EQ(moved.status, 1);
  EXPECT_TRUE(moved.output.starts_with("vcpu 1 (thread ")) << moved.output;
}

} // namespace
