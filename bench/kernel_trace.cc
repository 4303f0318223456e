/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel_trace.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string_view>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

using qemu_pin::Error;
using qemu_pin::Fd;
using qemu_pin::Result;
using qemu_pin::system_error;

namespace bench {

namespace {

/* linux/kvm.h has them as expressions, which the kernel's filters do not read. */
constexpr const char *only_kvm = "cmd == 0xae41 || cmd == 0xae80";
constexpr std::uint64_t kvm_create_vcpu = 0xae41;

constexpr std::array traced = {
    "sched/sched_process_fork",
    "sched/sched_switch",
    "syscalls/sys_enter_sched_setaffinity",
    "syscalls/sys_exit_sched_setaffinity",
    "syscalls/sys_enter_ioctl",
    "syscalls/sys_exit_ioctl",
};

/* For where there is such a thing: only a KVM without hardware's help does that for all. */
constexpr const char *traced_of_kvm = "kvm/kvm_emulate_insn";

/* A mount that is nowhere: it needs no folder, and goes when we do, whatever ends us. */
Result<Fd> mount_tracefs() {
  const Fd context(fsopen("tracefs", FSOPEN_CLOEXEC));
  if (!context)
    return system_error("tracefs", errno);
  if (fsconfig(context.number(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return system_error("tracefs", errno);
  Fd mount(fsmount(context.number(), FSMOUNT_CLOEXEC, 0));
  if (!mount)
    return system_error("tracefs", errno);
  return mount;
}

constexpr const char *our_name = "qemu-pinning-"; /* and our process's id */

/* Of a process that was killed: an instance is the kernel's, and does not go with its maker. */
void remove_leftovers(const std::string &instances) {
  std::error_code ignored;
  for (const auto &entry : std::filesystem::directory_iterator(instances, ignored)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(our_name) &&
        !std::filesystem::exists("/proc/" + name.substr(strlen(our_name)), ignored))
      rmdir(entry.path().c_str());
  }
}

/* The number behind NAME in "NAME24, ..." or "NAME0x18, ..."; -1 without. */
std::int64_t number_after(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos)
    return -1;
  return static_cast<std::int64_t>(
      strtoull(std::string(text.substr(at + name.size())).c_str(), nullptr, 0));
}

} // namespace

std::optional<TraceEvent> read_trace_line(const std::string &line) {
  /* "COMM-4711  [001] d..2.   831.849598: sched_switch: ..."; the name may hold anything. */
  static const std::regex form(R"(-(\d+) +\[\d+\] \S+ +(\d+)\.(\d{6}): (\w+)(?:: |\(| -> )(.*)$)");
  std::smatch part;
  if (!std::regex_search(line, part, form))
    return std::nullopt;
  using Kind = TraceEvent::Kind;
  TraceEvent event{};
  event.thread = static_cast<pid_t>(std::stol(part[1]));
  event.us = std::stoll(part[2]) * 1'000'000 + std::stoll(part[3]);
  const std::string name = part[4];
  const std::string rest = part[5];
  const bool is_return = line.find(name + " -> ") != std::string::npos;
  event.result = is_return ? static_cast<std::int64_t>(strtoull(rest.c_str(), nullptr, 0)) : 0;
  if (name == "sched_process_fork") {
    event.kind = Kind::creation;
    event.other = static_cast<pid_t>(number_after(rest, "child_pid="));
  } else if (name == "sched_switch") {
    event.kind = Kind::switched;
    event.thread = static_cast<pid_t>(number_after(rest, "prev_pid="));
    event.other = static_cast<pid_t>(number_after(rest, "next_pid="));
  } else if (name == "sys_sched_setaffinity" && is_return) {
    event.kind = Kind::mask_set;
  } else if (name == "sys_sched_setaffinity") {
    event.kind = Kind::set_mask;
    const auto asked = static_cast<pid_t>(number_after(rest, "pid: "));
    event.other = asked ? asked : event.thread;
  } else if (name == "kvm_emulate_insn") {
    event.kind = Kind::emulated;
  } else if (name == "sys_ioctl" && is_return) {
    event.kind = Kind::ioctl_done;
  } else if (name == "sys_ioctl") {
    const bool makes = number_after(rest, "cmd: ") == kvm_create_vcpu;
    event.kind = makes ? Kind::vcpu_made : Kind::guest_runs;
  } else {
    return std::nullopt;
  }
  return event;
}

Result<KernelTrace> KernelTrace::open() {
  auto mount = mount_tracefs();
  if (!mount)
    return mount.error();
  const std::string instances = "/proc/self/fd/" + std::to_string(mount->number()) + "/instances/";
  remove_leftovers(instances);
  const std::string folder = instances + our_name + std::to_string(getpid());
  if (mkdir(folder.c_str(), 0700) != 0)
    return system_error("tracefs: an instance", errno);
  KernelTrace trace(std::move(*mount), folder);
  const std::vector<std::pair<std::string, std::string>> settings = {
      {"tracing_on", "0"},
      {"trace_clock", "mono"},
      {"options/event-fork", "1"},
      {"options/overwrite", "0"},

      {"buffer_size_kb", "16384"},
      {"set_event_pid", std::to_string(gettid())},
      {"events/syscalls/sys_enter_ioctl/filter", only_kvm},
  };
  for (const auto &[file, value] : settings)
    if (auto error = trace.set(file, value))
      return *error;
  for (const char *event : traced)
    if (auto error = trace.set(std::string("events/") + event + "/enable", "1"))
      return *error;
  static_cast<void>(trace.set(std::string("events/") + traced_of_kvm + "/enable", "1"));
  return trace;
}

KernelTrace::~KernelTrace() {
  if (instance_.empty())
    return;
  static_cast<void>(set("tracing_on", "0"));
  rmdir(instance_.c_str()); /* events, buffers and all */
}

std::optional<Error> KernelTrace::set(const std::string &file, const std::string &value) const {
  const Fd target(::open((instance_ + "/" + file).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  if (!target ||
      write(target.number(), value.data(), value.size()) != static_cast<ssize_t>(value.size()))
    return system_error("tracefs: " + file, errno);
  return std::nullopt;
}

std::optional<Error> KernelTrace::start() {
  if (auto error = set("trace", "\n"))
    return error;
  return set("tracing_on", "1");
}

Result<std::vector<TraceEvent>> KernelTrace::stop() {
  if (auto error = set("tracing_on", "0"))
    return *error;
  std::ifstream file(instance_ + "/trace");
  std::vector<TraceEvent> events;
  for (std::string line; std::getline(file, line);) {
    if (auto event = read_trace_line(line))
      events.push_back(*event);
    /* "# entries-in-buffer/entries-written: 1229/1229   #P:2": those differ when some are lost. */
    const auto counts = line.find("entries-written: ");
    if (counts == std::string::npos)
      continue;
    std::istringstream numbers(line.substr(counts + 17));
    std::uint64_t kept = 0;
    std::uint64_t written = 0;
    char slash = 0;
    if (numbers >> kept >> slash >> written && kept != written)
      return Error{"the kernel's trace buffer was too small: " + line};
  }
  if (file.bad() || events.empty())
    return Error{"the kernel's trace is empty"};
  return events;
}

} // namespace bench
