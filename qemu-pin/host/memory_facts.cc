/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/memory_facts.h"

#include "base/number.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>

namespace qemu_pin {

namespace {

using Bytes = unsigned long long;

const std::string nodes_folder = "/sys/devices/system/node";

/* "1 GiB", "1.5 GiB", "2 MiB". */
std::string size_text(Bytes kib) {
  if (kib >= 1U << 20)
    return fmt::format("{:.4g} GiB", static_cast<double>(kib) / (1U << 20));
  return kib >= 1U << 10 ? fmt::format("{} MiB", kib >> 10) : fmt::format("{} KiB", kib);
}

/* Indices of the nodes, in ascending order. */
std::vector<unsigned> numa_nodes(const Host &host) {
  std::vector<unsigned> all;
  for (const std::string &name : host.names_in(nodes_folder))
    if (name.starts_with("node"))
      if (const auto index = number<unsigned>(std::string_view(name).substr(4)))
        all.push_back(*index);
  std::sort(all.begin(), all.end());
  return all;
}

/* KiB that a line of a meminfo file has: "Node 0 MemTotal:   8000000 kB". */
std::optional<Bytes> total_kib(const std::string &meminfo) {
  const std::size_t key = meminfo.find("MemTotal:");
  if (key == std::string::npos)
    return std::nullopt;
  const std::size_t start = meminfo.find_first_of("0123456789", key);
  const std::size_t end = meminfo.find_first_not_of("0123456789", start);
  return start == std::string::npos
             ? std::nullopt
             : number<Bytes>(std::string_view(meminfo).substr(start, end - start));
}

HostFact memory_fact(const Host &host) {
  std::vector<std::string> texts;
  for (unsigned node : numa_nodes(host)) {
    const std::string folder = fmt::format("{}/node{}", nodes_folder, node);
    const auto kib = total_kib(host.line_of(folder + "/meminfo"));
    const std::string cpus = host.line_of(folder + "/cpulist");
    texts.push_back(fmt::format("node {}: {}, {}", node,
                                !kib        ? "memory not known"
                                : *kib == 0 ? "no memory"
                                            : size_text(*kib),
                                cpus.empty() ? "no CPUs" : "CPUs " + cpus));
  }
  if (!texts.empty())
    return {"memory", Mark::ok, fmt::format("{}", fmt::join(texts, "; ")), ""};
  if (const auto kib = total_kib(host.line_of("/proc/meminfo")))
    return {"memory", Mark::ok, size_text(*kib) + "; the host tells of no nodes", ""};
  return unknown_fact("memory");
}

/* The pools in a folder: "2 MiB: 512 (500 free)". where: "on node 0 ". */
void add_pools(const Host &host, const std::string &folder, const std::string &where,
               std::vector<std::string> &texts) {
  for (const std::string &name : host.names_in(folder)) {
    constexpr std::string_view prefix = "hugepages-";
    if (!name.starts_with(prefix) || !name.ends_with("kB"))
      continue;
    const auto kib = number<Bytes>(
        std::string_view(name).substr(prefix.size(), name.size() - prefix.size() - 2));
    const auto all = number<Bytes>(host.line_of(folder + "/" + name + "/nr_hugepages"));
    const auto free = number<Bytes>(host.line_of(folder + "/" + name + "/free_hugepages"));
    if (kib && all && *all > 0)
      texts.push_back(fmt::format("{}{} of {} ({})", where, *all, size_text(*kib),
                                  free ? fmt::format("{} free", *free) : "free not known"));
  }
}

HostFact hugepages_fact(const Host &host) {
  const std::string folder = "/sys/kernel/mm/hugepages";
  std::vector<std::string> texts;
  for (unsigned node : numa_nodes(host))
    add_pools(host, fmt::format("{}/node{}/hugepages", nodes_folder, node),
              fmt::format("node {}: ", node), texts);
  if (texts.empty())
    add_pools(host, folder, "", texts);
  std::vector<std::pair<Bytes, std::string>> sizes;
  for (const std::string &name : host.names_in(folder))
    if (const std::size_t dash = name.find('-'), unit = name.find("kB");
        dash < unit && unit != std::string::npos)
      if (const auto kib = number<Bytes>(std::string_view(name).substr(dash + 1, unit - dash - 1)))
        sizes.emplace_back(*kib, size_text(*kib));
  std::sort(sizes.begin(), sizes.end());
  if (!texts.empty())
    return {"hugepages", Mark::ok, fmt::format("{}", fmt::join(texts, "; ")), ""};
  if (sizes.empty())
    return unknown_fact("hugepages");
  std::vector<std::string> names;
  for (const auto &[kib, name] : sizes)
    names.push_back(name);
  return {"hugepages", Mark::note, fmt::format("none (sizes: {})", fmt::join(names, ", ")),
          "a guest's memory in hugepages misses the TLB less often: vm.nr_hugepages"};
}

} // namespace

HostFacts memory_facts(const Host &host) {
  return {memory_fact(host), hugepages_fact(host)};
}

} // namespace qemu_pin
