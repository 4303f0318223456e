/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/topology_facts.h"

#include "base/words.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>

namespace qemu_pin {

namespace {

HostFact smt_fact(const Topology &topology) {
  std::map<std::size_t, std::size_t> cores;
  for (const Core &core : topology.cores)
    ++cores[core.cpus.size()];
  std::vector<std::string> texts;
  for (const auto &[threads, count] : cores)
    texts.push_back(fmt::format("{} with {}", counted(count, "core"), counted(threads, "thread")));
  const bool is_on = cores.rbegin()->first > 1;
  return {"smt", Mark::ok, fmt::format("{}: {}", is_on ? "on" : "off", fmt::join(texts, ", ")), ""};
}

HostFact kinds_fact(const Topology &topology) {
  if (topology.kinds <= 1)
    return {"kinds", Mark::ok, "all cores are of one kind", ""};
  std::vector<CpuSet> cpus(topology.kinds);
  for (const Core &core : topology.cores)
    cpus[core.kind].insert(core.cpus.begin(), core.cpus.end());
  std::vector<std::string> texts;
  for (const CpuSet &kind : cpus)
    if (!kind.empty())
      texts.push_back("CPUs " + cpu_list(kind));
  return {"kinds", Mark::ok,
          fmt::format("{}, the fastest first: {}", counted(texts.size(), "kind"),
                      fmt::join(texts, "; ")),
          ""};
}

HostFact l3_fact(const Topology &topology) {
  if (!topology.has_l3)
    return {"l3", Mark::unknown, "the host tells of no L3", ""};
  std::map<unsigned, CpuSet> cpus;
  std::map<unsigned, std::uint64_t> bytes;
  for (const Core &core : topology.cores) {
    const CacheDomain &domain = topology.domains[core.domain];
    cpus[domain.l3].insert(core.cpus.begin(), core.cpus.end());
    bytes[domain.l3] = domain.bytes;
  }
  std::set<std::uint64_t> sizes;
  std::vector<std::string> texts;
  for (const auto &[l3, set] : cpus) {
    sizes.insert(bytes[l3]);
    texts.push_back(fmt::format("{} MiB for CPUs {}", bytes[l3] >> 20, cpu_list(set)));
  }
  return {"l3", Mark::ok,
          fmt::format("{}{}: {}", cpus.size(), sizes.size() > 1 ? ", of unequal size" : "",
                      fmt::join(texts, "; ")),
          ""};
}

HostFact nodes_fact(const Topology &topology) {
  std::map<unsigned, CpuSet> cpus;
  for (const Core &core : topology.cores)
    cpus[topology.domains[core.domain].node].insert(core.cpus.begin(), core.cpus.end());
  std::vector<std::string> texts;
  for (const auto &[node, set] : cpus)
    texts.push_back(fmt::format("node {} with CPUs {}", node, cpu_list(set)));
  return {"nodes", Mark::ok, fmt::format("{}: {}", cpus.size(), fmt::join(texts, "; ")), ""};
}

} // namespace

HostFacts topology_facts(const Topology &topology) {
  return {smt_fact(topology), kinds_fact(topology), l3_fact(topology), nodes_fact(topology)};
}

} // namespace qemu_pin
