/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/kernel_facts.h"

#include "base/number.h"
#include "base/printable.h"
#include "host/control_group.h"
#include "host/irqbalance.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sstream>
#include <sys/prctl.h>
#include <unistd.h>

namespace qemu_pin {

namespace {

/* Not in all headers: linux/prctl.h. */
constexpr int pr_sched_core = 62, pr_sched_core_get = 0;

/* linux/capability.h, whose names are macros. */
constexpr unsigned cap_ipc_lock = 14, cap_sys_nice = 23;

bool has_word(const std::string &text, const std::string &word) {
  std::istringstream words(text);
  for (std::string one; words >> one;)
    if (one == word)
      return true;
  return false;
}

bool is_running(const Host &host, const std::string &name) {
  const auto processes = host.procfs().process_ids();
  return processes && std::any_of(processes->begin(), processes->end(), [&](pid_t process) {
           return host.procfs().name(process) == name;
         });
}

HostFact cgroup_fact(const Host &host) {
  const auto hierarchies = cpuset_hierarchies(host.path(""));
  if (hierarchies.empty())
    return host.line_of("/proc/self/mountinfo").empty()
               ? unknown_fact("cgroup")
               : HostFact{"cgroup", Mark::note, "no hierarchy that could have cpusets is mounted",
                          "isolate pins the host's processes away one by one"};
  std::vector<std::string> mounts;
  for (const CpusetHierarchy &one : hierarchies)
    mounts.push_back(
        fmt::format("{} at {}", one.is_v2 ? "v2" : "v1 cpuset", printable(one.folder)));
  const bool has_systemd =
      !host.names_in("/run/systemd/system").empty() || host.procfs().name(1) == "systemd";
  return {"cgroup", Mark::ok,
          fmt::format("{}, {}", fmt::join(mounts, " and "),
                      has_systemd ? "managed by systemd" : "no manager known"),
          ""};
}

/* numad moves whole processes between nodes, by their cpusets and their affinity. */
HostFact numad_fact(const Host &host) {
  const auto processes = host.procfs().process_ids();
  if (!processes || processes->empty())
    return unknown_fact("numad");
  if (!is_running(host, "numad"))
    return {"numad", Mark::ok, "not running", ""};
  return {"numad", Mark::problem, "running",
          "it moves QEMU's threads off their pins: systemctl disable --now numad"};
}

HostFact interrupts_fact(const Host &host) {
  const auto processes = host.procfs().process_ids();
  if (!processes || processes->empty())
    return unknown_fact("irqbalance");
  if (!irqbalance_process(host))
    return {"irqbalance", Mark::ok, "not running", ""};
  return {"irqbalance", Mark::note, "running",
          "it may move interrupts to the guest's CPUs: qemu-pin isolate tells it not to"};
}

/* The kernel holds a BPF scheduler to the affinity of threads. */
HostFact bpf_scheduler_fact(const Host &host) {
  const std::string state = host.line_of("/sys/kernel/sched_ext/state");
  if (state.empty())
    return {"sched_ext", host.names_in("/sys/kernel").empty() ? Mark::unknown : Mark::ok,
            host.names_in("/sys/kernel").empty() ? "not known" : "not in this kernel", ""};
  if (state == "disabled")
    return {"sched_ext", Mark::ok, "not active", ""};
  const std::string name = host.line_of("/sys/kernel/sched_ext/root/ops");
  return {
      "sched_ext", Mark::note,
      fmt::format("{}: {}", printable(state), name.empty() ? "name not known" : printable(name)),
      "pins hold, but this scheduler says when vCPUs run, unless they have sched=fifo or rr"};
}

/* A captured host tells by its kernel's configuration. */
HostFact core_scheduling_fact(const Host &host) {
  const std::string name = "core-sched";
  if (host.is_live()) {
    unsigned long cookie = 0;
    if (prctl(pr_sched_core, pr_sched_core_get, 0, 0, &cookie) == 0)
      return {name, Mark::ok, "supported", ""};
    if (errno == ENODEV)
      return {name, Mark::ok, "no core has SMT", ""};
    return errno == EINVAL ? HostFact{name, Mark::ok, "not in this kernel", ""}
                           : unknown_fact(name);
  }
  const std::string release = host.line_of("/proc/sys/kernel/osrelease");
  const auto config = host.read_file("/boot/config-" + release);
  if (release.empty() || release.find('/') != std::string::npos || !config || !*config)
    return unknown_fact(name);
  return {name, Mark::ok,
          (*config)->find("\nCONFIG_SCHED_CORE=y\n") == std::string::npos ? "not in this kernel"
                                                                          : "in this kernel",
          ""};
}

HostFact halt_polling_fact(const Host &host) {
  const std::string folder = "/sys/module/kvm";
  const auto ns = number<unsigned long long>(host.line_of(folder + "/parameters/halt_poll_ns"));
  if (ns)
    return {"halt-poll", Mark::ok,
            *ns ? fmt::format("{} us before an idle vCPU's thread sleeps", *ns / 1000)
                : "off: an idle vCPU's thread sleeps at once",
            ""};
  return host.names_in(folder).empty() && !host.names_in("/sys/module").empty()
             ? HostFact{"halt-poll", Mark::note, "KVM is not loaded",
                        "modprobe kvm_intel or kvm_amd"}
             : unknown_fact("halt-poll");
}

/* What the steps of isolate need. */
HostFact steps_fact(const Host &host) {
  std::vector<std::string> has, lacks;
  const auto add = [&](bool is_there, const std::string &what) {
    (is_there ? has : lacks).push_back(what);
  };
  bool has_cpusets = false;
  bool has_partitions = false;
  for (const CpusetHierarchy &one : cpuset_hierarchies(host.path(""))) {
    has_cpusets |=
        !one.is_v2 || has_word(host.line_of(one.folder + "/cgroup.controllers"), "cpuset");
    if (one.is_v2)
      for (const std::string &group : control_groups_in(host, one.folder))
        has_partitions |= !host.line_of(group + "/cpuset.cpus.partition").empty();
  }
  add(has_cpusets, "cpuset controller");
  add(has_partitions, "cpuset.cpus.partition");
  add(access(host.path("/proc/irq/default_smp_affinity").c_str(), W_OK) == 0, "writable /proc/irq");
  add(!host.names_in("/sys/kernel/tracing").empty() ||
          !host.names_in("/sys/kernel/debug/tracing").empty(),
      "tracefs");
  const auto joined = [](const std::vector<std::string> &words) {
    return words.empty() ? "none" : fmt::format("{}", fmt::join(words, ", "));
  };
  if (lacks.empty())
    return {"steps", Mark::ok, joined(has), ""};
  return {"steps", Mark::note, fmt::format("{}; lacks {}", joined(has), joined(lacks)),
          "isolate does without, and says what it cannot do; root sees more"};
}

/* The soft limit in a line of /proc/PID/limits, whose names have blanks; "" without one. */
std::string soft_limit(const std::string &limits, const std::string &name) {
  const std::size_t line = limits.find(name);
  if (line == std::string::npos)
    return "";
  std::istringstream words(limits.substr(line + name.size()));
  std::string value;
  words >> value;
  return printable(value);
}

/* Of this process. */
bool has_capability(const Host &host, unsigned number) {
  const std::string status = host.line_of("/proc/self/status"), key = "CapEff:\t";
  const std::size_t line = status.find(key);
  return line != std::string::npos &&
         (std::strtoull(status.c_str() + line + key.size(), nullptr, 16) >> number & 1) != 0;
}

HostFact limits_fact(const Host &host) {
  const std::string text = host.line_of("/proc/self/limits");
  const std::string priority = soft_limit(text, "Max realtime priority");
  const std::string memory = soft_limit(text, "Max locked memory");
  const std::string nice = soft_limit(text, "Max nice priority");
  if (priority.empty() || memory.empty() || nice.empty())
    return unknown_fact("limits");
  std::vector<std::string> advice;
  if (priority == "0" && !has_capability(host, cap_sys_nice))
    advice.emplace_back("sched=fifo and rr need CAP_SYS_NICE or ulimit -r");
  if (memory != "unlimited" && !has_capability(host, cap_ipc_lock))
    advice.emplace_back("VFIO and -overcommit mem-lock=on need CAP_IPC_LOCK or ulimit -l");
  return {"limits", advice.empty() ? Mark::ok : Mark::note,
          fmt::format("RTPRIO {}, MEMLOCK {}, NICE {}", priority,
                      memory == "unlimited" ? memory : memory + " bytes", nice),
          fmt::format("{}", fmt::join(advice, "; "))};
}

} // namespace

HostFacts kernel_facts(const Host &host) {
  return {cgroup_fact(host),        numad_fact(host),           interrupts_fact(host),
          bpf_scheduler_fact(host), core_scheduling_fact(host), halt_polling_fact(host),
          steps_fact(host),         limits_fact(host)};
}

} // namespace qemu_pin
