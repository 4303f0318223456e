/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/guest.h"

#include "base/fd.h"
#include "base/json.h"
#include "kernel/procfs.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>

using namespace std::chrono_literals;
using qemu_pin::Error;
using qemu_pin::Fd;
using qemu_pin::Qmp;
using qemu_pin::Result;
using std::chrono::steady_clock;

namespace {

/* For a message: a program's lines, without the last line break. */
std::string one_line(std::string text) {
  while (text.ends_with('\n'))
    text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

struct Launched {
  TempDir files;
  Child process;
};

Result<Launched> launch(const GuestSpec &spec) {
  auto files = TempDir::make();
  if (!files)
    return files.error();
  Command command{command_line(spec, files->path()), "", files->file("errors")};
  command.affinity = spec.affinity;
  command.cgroup = spec.cgroup;
  command.environment = spec.environment;
  auto process = Child::start(command);
  if (!process)
    return process.error();
  return Launched{std::move(*files), std::move(*process)};
}

} // namespace

std::vector<std::string> command_line(const GuestSpec &spec, const std::string &folder) {
  std::vector<std::string> line = {
      spec.qemu,
      "-nodefaults",
      "-no-user-config",
      "-display",
      "none",
      "-accel",
      spec.accelerator,
      "-smp",
      spec.smp,
      "-m",
      "16",
      "-bios",
      spec.image,
      "-debugcon",
      "file:" + folder + "/debug",
      "-qmp",
      "unix:" + folder + "/qmp,server=on,wait=off",
  };
  line.insert(line.begin(), spec.prefix.begin(), spec.prefix.end());
  line.insert(line.end(), spec.more.begin(), spec.more.end());
  return line;
}

Result<Qmp> connect_when_ready(const std::string &socket, Child &process) {
  const auto deadline = steady_clock::now() + patience;
  for (;;) {
    const bool ended = process.wait(0ms).has_value();
    auto monitor = Qmp::connect(socket, patience);
    if (monitor || ended || steady_clock::now() >= deadline)
      return monitor;
    std::this_thread::sleep_for(5ms);
  }
}

Result<> plug_all_vcpus(Qmp &monitor) {
  auto slots = monitor.execute("query-hotpluggable-cpus");
  if (!slots)
    return slots.error();
  for (const auto &slot : *slots) {
    if (slot.contains("qom-path"))
      continue; /* it is there */
    nlohmann::json arguments = slot["props"];
    arguments["driver"] = slot["type"];
    if (auto added = monitor.execute("device_add", arguments); !added)
      return added.error();
  }
  return {};
}

Result<Guest> Guest::start(const GuestSpec &spec) {
  auto launched = launch(spec);
  if (!launched)
    return launched.error();
  Guest guest(std::move(launched->files), std::move(launched->process));
  if (auto result = guest.connect(); !result)
    return result.error();
  return guest;
}

Result<> Guest::connect() {
  auto monitor = connect_when_ready(files_.file("qmp"), process_);
  if (!monitor)
    return Error{running() ? monitor.error().message : "QEMU ended: " + one_line(errors())};
  monitor_.emplace(std::move(*monitor));
  return {};
}

Result<Outcome> Guest::run(const GuestSpec &spec) {
  auto launched = launch(spec);
  if (!launched)
    return launched.error();
  auto &[files, process] = *launched;
  auto status = process.wait(patience);
  if (!status)
    return Error{"QEMU did not end: " + read_text(files.file("errors"))};
  return Outcome{*status, read_text(files.file("errors")), read_text(files.file("debug"))};
}

std::string Guest::errors() const {
  return read_text(files_.file("errors"));
}

std::string Guest::reported() const {
  return read_text(files_.file("debug"));
}

bool Guest::wait_reported(std::size_t vcpus, std::chrono::milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  while (reported().size() < vcpus) {
    if (!running() || steady_clock::now() >= deadline)
      return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

Result<std::map<unsigned, pid_t>> vcpu_threads(Qmp &monitor) {
  auto vcpus = monitor.execute("query-cpus-fast");
  if (!vcpus)
    return vcpus.error();
  std::map<unsigned, pid_t> threads;
  for (const auto &vcpu : *vcpus) {
    if (!vcpu.is_object() || !vcpu.contains("cpu-index") || !vcpu.contains("thread-id") ||
        !vcpu["cpu-index"].is_number_unsigned() || !vcpu["thread-id"].is_number_integer())
      return Error{"query-cpus-fast: not a list of vCPUs"};
    threads[vcpu["cpu-index"].get<unsigned>()] = vcpu["thread-id"].get<pid_t>();
  }
  return threads;
}

std::optional<std::string> why_no_kvm() {
  Fd kvm(open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (!kvm)
    return std::string("/dev/kvm: ") + strerror(errno);
  Fd machine(ioctl(kvm.number(), KVM_CREATE_VM, 0));
  if (!machine)
    return std::string("/dev/kvm: KVM_CREATE_VM: ") + strerror(errno);
  return std::nullopt;
}

Result<std::vector<unsigned>> usable_cpus() {
  auto allowed = qemu_pin::Procfs().allowed_cpus(getpid(), gettid());
  if (!allowed)
    return allowed.error();
  const qemu_pin::CpuSet &cpus = (*allowed)->cpus;
  return std::vector<unsigned>(cpus.begin(), cpus.end());
}
