/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/cpu_facts.h"

#include "base/number.h"
#include "base/printable.h"

#include <fmt/format.h>
#include <map>

namespace qemu_pin {

namespace {

const std::string cpu_folder = "/sys/devices/system/cpu";

/* Microseconds that a busy guest notices: a CPU that sleeps deeper answers an interrupt late. */
constexpr unsigned long long deep_us = 100;

std::string cpu_file(unsigned cpu, const std::string &name) {
  return fmt::format("{}/cpu{}/{}", cpu_folder, cpu, name);
}

/* None where there is no such file, or no CPU list in it. */
CpuSet cpus_in(const Host &host, const std::string &file) {
  auto cpus = read_cpu_set(host.line_of(file));
  return cpus ? *cpus : CpuSet();
}

/* A CPU that can be there, but is not, such as a cloud's that is not plugged, is not offline. */
HostFact cpus_fact(const Host &host, const CpuSet &usable) {
  const CpuSet online = host.online();
  if (online.empty())
    return unknown_fact("cpus");
  CpuSet present = cpus_in(host, cpu_folder + "/present");
  const CpuSet offline = without(present, online), forbidden = without(online, usable);
  const std::string all = fmt::format("{} online", cpu_list(online));
  if (!forbidden.empty())
    return {"cpus", Mark::problem,
            fmt::format("{}; this process may not use {}", all, cpu_list(forbidden)),
            "the kernel refuses pins to these: start QEMU in a cgroup whose cpuset.cpus has them"};
  const std::string smt = host.line_of(cpu_folder + "/smt/control");
  if (offline.empty())
    return {"cpus", Mark::ok, all, ""};
  if (smt == "off" || smt == "forceoff")
    return {"cpus", Mark::ok,
            fmt::format("{}; {} offline, because SMT is off", all, cpu_list(offline)), ""};
  return {"cpus", Mark::problem, fmt::format("{}; {} offline", all, cpu_list(offline)),
          fmt::format("the kernel refuses pins to these: echo 1 >{}/online",
                      fmt::format("{}/cpu{}", cpu_folder, *offline.begin()))};
}

HostFact isolated_fact(const Host &host) {
  const auto read = [&](const char *name) { return cpus_in(host, cpu_folder + "/" + name); };
  const CpuSet isolated = read("isolated"), nohz = read("nohz_full");
  if (isolated.empty() && nohz.empty())
    return {"isolated", Mark::ok, "none (isolcpus, nohz_full)", ""};
  const auto list = [](const CpuSet &cpus) { return cpus.empty() ? "none" : cpu_list(cpus); };
  return {"isolated", Mark::ok,
          fmt::format("isolcpus {}, nohz_full {}", list(isolated), list(nohz)), ""};
}

HostFact governor_fact(const Host &host, const CpuSet &usable) {
  std::map<std::string, CpuSet> by_name;
  for (unsigned cpu : usable)
    if (const std::string name = host.line_of(cpu_file(cpu, "cpufreq/scaling_governor"));
        !name.empty())
      by_name[printable(name)].insert(cpu);
  if (by_name.empty())
    return {"governor", Mark::unknown, "the kernel does not set frequencies here", ""};
  std::string value;
  for (const auto &[name, cpus] : by_name)
    value += fmt::format("{}{} on {}", value.empty() ? "" : ", ", name, cpu_list(cpus));
  const bool is_fast = by_name.size() == 1 && by_name.begin()->first == "performance";
  return {"governor", is_fast ? Mark::ok : Mark::note, value,
          is_fast ? ""
                  : "a vCPU that wakes starts slowly: qemu-pin isolate --governor performance"};
}

struct IdleState {
  std::string name;
  unsigned long long latency; /* microseconds until the CPU runs again */
};

/* The deepest that a CPU may enter; a name that is empty: none. */
IdleState deepest_state(const Host &host, unsigned cpu) {
  IdleState deepest{"", 0};
  const std::string states = cpu_file(cpu, "cpuidle");
  for (const std::string &name : host.names_in(states)) {
    const std::string state = states + "/" + name + "/";
    const auto latency = number<unsigned long long>(host.line_of(state + "latency"));
    if (latency && host.line_of(state + "disable") != "1" &&
        (deepest.name.empty() || *latency >= deepest.latency))
      deepest = {printable(host.line_of(state + "name")), *latency};
  }
  return deepest;
}

HostFact idle_fact(const Host &host, const CpuSet &usable) {
  IdleState deepest{"", 0};
  for (unsigned cpu : usable)
    if (IdleState one = deepest_state(host, cpu);
        !one.name.empty() && (deepest.name.empty() || one.latency > deepest.latency))
      deepest = std::move(one);
  const std::string driver = printable(host.line_of(cpu_folder + "/cpuidle/current_driver"));
  if (deepest.name.empty())
    return {"c-states", Mark::unknown,
            driver.empty() ? "not known" : fmt::format("driver {}, no states told", driver), ""};
  const bool is_deep = deepest.latency > deep_us;
  return {"c-states", is_deep ? Mark::note : Mark::ok,
          fmt::format("deepest {} ({} us to wake), driver {}", deepest.name, deepest.latency,
                      driver.empty() ? "not known" : driver),
          is_deep ? "an idle vCPU answers late: -overcommit cpu-pm=on, or hold /dev/cpu_dma_latency"
                  : ""};
}

} // namespace

HostFacts cpu_facts(const Host &host, const CpuSet &usable) {
  return {cpus_fact(host, usable), isolated_fact(host), governor_fact(host, usable),
          idle_fact(host, usable)};
}

} // namespace qemu_pin
