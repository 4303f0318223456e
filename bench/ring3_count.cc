/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ring3_count.h"

#include "base/json.h"
#include "thread_creation.h"

#include <algorithm>
#include <cstdio>
#include <fmt/core.h>
#include <sstream>
#include <thread>

using namespace std::chrono_literals;
using qemu_pin::Error;
using qemu_pin::Qmp;
using qemu_pin::Result;

namespace bench {

namespace {

constexpr double instructions_a_turn = 2;

using Turns = std::map<unsigned, std::uint64_t>;

/* From "CPU#0\nRAX=0000000000000012 RBX=...\n...\nRIP=... CPL=3 ...", a vCPU after another. */
Turns read_turns(const std::string &registers) {
  Turns turns;
  unsigned vcpu = 0;
  unsigned long long rax = 0;
  std::istringstream lines(registers);
  for (std::string line; std::getline(lines, line);) {
    if (sscanf(line.c_str(), "CPU#%u", &vcpu) == 1)
      turns[vcpu] = 0;
    sscanf(line.c_str(), "RAX=%llx", &rax);
    if (line.find("CPL=3") != std::string::npos)
      turns[vcpu] = rax;
  }
  return turns;
}

bool have_all_turned(const Turns &before, const Turns &now) {
  return std::all_of(before.begin(), before.end(), [&](const auto &vcpu) {
    const auto found = now.find(vcpu.first);
    return found != now.end() && found->second > vcpu.second;
  });
}

} // namespace

Result<Ring3Count::Stop> Ring3Count::stop(Qmp &monitor) {
  if (auto stopped = monitor.execute("stop"); !stopped)
    return stopped.error();
  Stop stop{us_since_boot(Clock::now())};
  auto registers =
      monitor.execute("human-monitor-command", {{"command-line", "info registers -a"}});
  if (!registers)
    return registers.error();
  if (!registers->is_string())
    return Error{"info registers: no text"};
  stop.turns = read_turns(registers->get<std::string>());
  if (auto running = monitor.execute("cont"); !running)
    return running.error();
  return stop;
}

Result<Ring3Count> Ring3Count::take(Qmp &monitor) {
  Ring3Count count;
  auto first = stop(monitor);
  if (!first)
    return first.error();
  const auto deadline = Clock::now() + 5s;
  do {
    std::this_thread::sleep_for(50ms);
    auto second = stop(monitor);
    if (!second)
      return second.error();
    count.second_ = *second;
  } while (!have_all_turned(first->turns, count.second_.turns) && Clock::now() < deadline);
  count.first_ = *first;
  return count;
}

Result<double> Ring3Count::before_pins(std::span<const TraceEvent> events,
                                       const std::map<unsigned, pid_t> &threads) const {
  double sum = 0;
  for (const auto &[vcpu, thread] : threads) {
    auto creation = creation_of(events, thread);
    if (!creation)
      return creation.error();
    const auto first = first_.turns.find(vcpu);
    /* Stopped before it came to ring 3. */
    if (first != first_.turns.end() && first->second == 0)
      continue;
    const auto second = second_.turns.find(vcpu);
    const auto between = static_cast<double>(guest_time(events, thread, first_.us, second_.us));
    if (first == first_.turns.end() || second == second_.turns.end() || between <= 0 ||
        second->second <= first->second)
      return Error{fmt::format("vCPU {} does not spin", vcpu)};
    const double pace = static_cast<double>(second->second - first->second) / between;
    const auto late = static_cast<double>(guest_time(events, thread, creation->pinned, first_.us));
    const double turns = static_cast<double>(first->second) - pace * late;
    sum += instructions_a_turn * std::max(0.0, turns);
  }
  return sum;
}

} // namespace bench
