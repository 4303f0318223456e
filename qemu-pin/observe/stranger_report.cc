/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/stranger_report.h"

#include "base/json.h"
#include "base/words.h"

#include "base/printable.h"

#include <algorithm>
#include <fmt/format.h>

namespace qemu_pin {

using nlohmann::ordered_json;

namespace {

/* More threads than that are counted, not named. */
constexpr std::size_t most_named = 10;

std::string cpus_word(const CpuSet &cpus) {
  return "host " + cpus_text(cpu_list(cpus));
}

} // namespace

std::string milliseconds_text(std::uint64_t nanoseconds) {
  return fmt::format("{:.1f} ms", static_cast<double>(nanoseconds) / 1e6);
}

std::vector<std::string> stranger_lines(const std::vector<Stranger> &strangers,
                                        std::chrono::nanoseconds time) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < std::min(strangers.size(), most_named); ++i) {
    const Stranger &stranger = strangers[i];
    lines.push_back(fmt::format("{}: {} (process {}) ran {} of {}", cpus_word(stranger.cpus),
                                printable(stranger.name), stranger.process,
                                milliseconds_text(stranger.run_ns),
                                milliseconds_text(static_cast<std::uint64_t>(time.count()))));
  }
  if (strangers.size() > most_named)
    lines.push_back(fmt::format("and {} threads more", strangers.size() - most_named));
  return lines;
}

std::vector<std::string> interrupt_lines(const std::vector<Interrupt> &interrupts,
                                         std::chrono::nanoseconds time) {
  std::vector<std::string> lines;
  for (const Interrupt &interrupt : interrupts) {
    CpuSet cpus;
    std::uint64_t count = 0;
    for (const auto &[cpu, times] : interrupt.counts) {
      cpus.insert(cpu);
      count += times;
    }
    lines.push_back(fmt::format("{}: interrupt {} ({}) fired {} in {}", cpus_word(cpus),
                                interrupt.label, printable(interrupt.name), counted(count, "time"),
                                milliseconds_text(static_cast<std::uint64_t>(time.count()))));
  }
  return lines;
}

ordered_json strangers_json(const std::vector<Stranger> &strangers) {
  ordered_json json = ordered_json::array();
  for (const Stranger &stranger : strangers)
    json.push_back({{"pid", stranger.process},
                    {"tid", stranger.thread.id},
                    {"name", printable(stranger.name)},
                    {"cpus", cpu_list(stranger.cpus)},
                    {"run_ns", stranger.run_ns}});
  return json;
}

ordered_json interrupts_json(const std::vector<Interrupt> &interrupts) {
  ordered_json json = ordered_json::array();
  for (const Interrupt &interrupt : interrupts) {
    ordered_json counts = ordered_json::object();
    for (const auto &[cpu, count] : interrupt.counts)
      counts[std::to_string(cpu)] = count;
    json.push_back(
        {{"label", interrupt.label}, {"name", printable(interrupt.name)}, {"counts", counts}});
  }
  return json;
}

} // namespace qemu_pin
