/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/host_line.h"

#include "base/words.h"

#include <fmt/format.h>

namespace qemu_pin {

namespace {

/* Threads of each core, if all have as many, and more than one; else 0. */
std::size_t threads_a_core(const Topology &topology) {
  const std::size_t threads = topology.cores[0].cpus.size();
  for (const Core &core : topology.cores)
    if (core.cpus.size() != threads)
      return 0;
  return threads > 1 ? threads : 0;
}

std::string parts(const Topology &topology) {
  CpuSet l3s, nodes;
  for (const CacheDomain &domain : topology.domains) {
    if (domain.has_l3)
      l3s.insert(domain.l3);
    nodes.insert(domain.node);
  }
  std::string text = fmt::format("{}, {}", counted(topology.cores.size(), "core"),
                                 counted(topology.cpus().size(), "CPU"));
  if (const std::size_t threads = threads_a_core(topology))
    text += fmt::format(" ({} {}threads a core)", threads,
                        threads == 2 && !topology.is_arm ? "hyper" : "");
  if (topology.has_l3)
    text += ", " + counted(l3s.size(), "L3");
  if (topology.is_amd && l3s.size() > 1)
    text += " (CCDs or CCXs)";
  return text + ", " + counted(nodes.size(), "NUMA node");
}

std::string nodes_text(const Topology &topology) {
  std::string text;
  for (const MemoryNode &node : topology.nodes)
    if (!node.has_cpus)
      text += fmt::format("; node {} has memory{} but no CPUs", node.index,
                          node.kind.empty() ? "" : " (" + node.kind + ")");
  CpuSet without_memory;
  for (const CacheDomain &domain : topology.domains)
    if (!topology.has_memory(domain.node))
      without_memory.insert(domain.node);
  for (unsigned node : without_memory)
    text += fmt::format("; node {} has CPUs but no memory that may be used", node);
  return text;
}

} // namespace

std::string kind_name(const Topology &topology, unsigned kind) {
  return fmt::format("{} core", kind_word(topology.kind_of(kind)));
}

std::string known_as(const Topology &topology, unsigned kind) {
  if (topology.is_arm)
    return kind == 0 ? "big" : kind + 1 == topology.kinds ? "LITTLE" : "";
  switch (topology.kind_of(kind)) {
  case CoreKind::performance:
    return "P-core";
  case CoreKind::efficiency:
    return "E-core";
  default:
    return "LP E-core";
  }
}

std::string kinds_text(const Topology &topology, const std::map<unsigned, unsigned> &cores) {
  std::string text;
  std::size_t left = cores.size();
  for (const auto &[kind, count] : cores) {
    text += counted(count, kind_name(topology, kind));
    if (const std::string known = known_as(topology, kind); !known.empty())
      text += fmt::format(" ({}{})", known, count == 1 || topology.is_arm ? "" : "s");
    --left;
    text += left > 1 ? ", " : left == 1 ? " and " : "";
  }
  return text;
}

std::string host_line(const TopologySource &source, const Topology &topology) {
  std::string text = source_name(source) + ": " + parts(topology);
  std::map<unsigned, unsigned> kinds;
  for (const Core &core : topology.cores)
    ++kinds[core.kind];
  if (topology.kinds > 1)
    text += "; " + kinds_text(topology, kinds);
  text += nodes_text(topology);
  if (!topology.offline.empty())
    text += "; " + cpus_are(cpu_list(topology.offline)) + " offline";
  if (!topology.not_allowed.empty())
    text += "; " + cpus_are(cpu_list(topology.not_allowed)) + " not allowed to this process";
  CpuSet isolated = topology.isolated;
  isolated.keep(topology.cpus());
  if (!isolated.empty())
    text += "; " + cpus_are(cpu_list(isolated)) + " isolated by the kernel";
  return text;
}

} // namespace qemu_pin
