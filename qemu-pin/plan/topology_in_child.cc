/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/topology_in_child.h"

#include "base/limited_work.h"
#include "base/number.h"
#include "base/text_file.h"
#include "plan/topology_damage.h"
#include "plan/topology_message.h"

#include <cerrno>
#include <string_view>

namespace qemu_pin {

namespace {

/* A host of 8,192 CPUs takes a tenth. */
constexpr WorkLimits reading_limits = {.memory = 150U << 20, .cpu_ms = 700, .ms = 10'000};

/* CPUs. hwloc takes time with the third power of the cores in a package: for these 0.3 s at
 * worst, for 8,192 half a minute. */
constexpr unsigned few_cpus = 2048;

/* How many CPUs a description has: the product of its numbers, but for those in parentheses. */
std::uint64_t described_cpus(const std::string &synthetic) {
  std::uint64_t cpus = 1;
  bool is_attribute = false;
  for (std::size_t i = 0; i < synthetic.size() && cpus <= most_cpus; ++i) {
    if (synthetic[i] == '(' || synthetic[i] == ')')
      is_attribute = synthetic[i] == '(';
    if (synthetic[i] != ':' || is_attribute)
      continue;
    const std::size_t end = synthetic.find_first_not_of("0123456789", i + 1);
    const std::string_view count = std::string_view(synthetic).substr(i + 1, end - i - 1);
    cpus *= number<std::uint32_t>(count).value_or(1);
  }
  return cpus;
}

/* error: of the child, not of read_topology(). */
std::string reason_of_child(const TopologySource &source, const Error &error) {
  if (error.number != EFAULT)
    return "hwloc cannot read this topology: " + error.message;
  const auto xml = source.file.empty() ? Result<std::string>("") : read_text_file(source.file);
  const std::string object = xml ? object_that_crashes(*xml) : "";
  return damaged(object.empty() ? "hwloc crashes, " + error.message : object);
}

} // namespace

Result<Topology> read_topology_in_child(const TopologySource &source, bool with_xml) {
  const std::uint64_t cpus = described_cpus(source.synthetic);
  if (cpus > most_cpus)
    return Error{source_name(source) + ": " + too_large()};
  if (source.file.empty() && source.root.empty() && cpus <= few_cpus)
    return read_topology(source, with_xml);
  const auto work = [&]() -> Result<std::string> {
    auto topology = read_topology(source, with_xml);
    return topology ? Result<std::string>(to_message(*topology)) : topology.error();
  };
  auto message = do_limited(work, reading_limits);
  if (message)
    return topology_from_message(*message);
  if (message.error().number == 0)
    return message.error();
  return Error{source_name(source) + ": " + reason_of_child(source, message.error())};
}

} // namespace qemu_pin
