/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/node_set.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fmt/format.h>
#include <string_view>
#include <vector>

namespace qemu_pin {

namespace {

constexpr const char *cpu_folder = "/sys/devices/system/cpu/cpu";
constexpr const char *node_folder = "/sys/devices/system/node/node";

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c); });
}

constexpr std::size_t group_digits = 8;

bool is_group(std::string_view text) {
  return text.size() == group_digits && is_hex(text);
}

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= text.size(); at += parts.back().size() + 1)
    parts.push_back(text.substr(at, text.find(',', at) - at));
  return parts;
}

bool is_mask(const std::vector<std::string_view> &parts) {
  const std::string_view first = parts.front();
  if (first.empty() || first.size() > group_digits || !is_hex(first) ||
      !std::all_of(parts.begin() + 1, parts.end(), is_group))
    return false;
  const bool is_number =
      std::all_of(first.begin(), first.end(), [](unsigned char c) { return std::isdigit(c); });
  return first.size() == group_digits || parts.size() > 1 || !is_number;
}

/* No kernel has so many CPUs that a list had a number of eight digits. */
Result<CpuSet> read_list_or_mask(const std::string &text) {
  const std::vector<std::string_view> parts = parts_of(text);
  if (is_mask(parts))
    return read_cpu_mask(text);
  if (std::any_of(parts.begin(), parts.end(), is_group))
    return Error{"this is neither a list nor a mask"};
  return read_cpu_set(text);
}

/* folder: what the host has of each, but for its number. */
Result<CpuSet> read_set(const Host &host, const std::string &text, const char *folder,
                        const char *noun) {
  const std::string set = text.substr(1);
  const auto fault = [&](const std::string &what) {
    return Error{fmt::format("'{}': {}", text, what)};
  };
  if (set.empty())
    return fault(fmt::format("a set must follow {}", text));
  auto numbers = read_list_or_mask(set);
  if (!numbers)
    return fault(numbers.error().message);
  if (numbers->empty())
    return fault("the set is empty");
  for (unsigned number : *numbers) {
    std::error_code ignored;
    if (!std::filesystem::exists(host.path(folder + std::to_string(number)), ignored))
      return fault(fmt::format("this host has no {} {}", noun, number));
  }
  return *numbers;
}

Result<CpuSet> cpus_of_nodes(const Host &host, const std::string &text) {
  auto nodes = read_memory_nodes(host, text);
  if (!nodes)
    return nodes;
  CpuSet cpus;
  for (unsigned node : *nodes) {
    const std::string list = host.line_of(node_folder + std::to_string(node) + "/cpulist");
    if (list.empty())
      continue; /* it has memory only */
    auto some = read_cpu_set(list);
    if (!some)
      return Error{fmt::format("'{}': CPUs of node {}: {}", text, node, some.error().message)};
    cpus.merge(*some);
  }
  if (cpus.empty())
    return Error{fmt::format("'{}': no CPU is in that", text)};
  return cpus;
}

} // namespace

Result<CpuSet> read_cpu_nodes(const Host &host, const std::string &text) {
  if (text.starts_with('N'))
    return cpus_of_nodes(host, text);
  if (text.starts_with('C'))
    return read_set(host, text, cpu_folder, "CPU");
  return Error{fmt::format("'{}' must start with C or N", text)};
}

Result<CpuSet> read_memory_nodes(const Host &host, const std::string &text) {
  if (text.starts_with('N'))
    return read_set(host, text, node_folder, "NUMA node");
  return Error{fmt::format("'{}' must start with N", text)};
}

Result<CpuSet> read_cpus_or_nodes(const Host &host, const std::string &text) {
  if (text.starts_with('C') || text.starts_with('N'))
    return read_cpu_nodes(host, text);
  return read_cpu_set(text);
}

} // namespace qemu_pin
