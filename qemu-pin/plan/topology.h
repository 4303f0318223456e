/*
 * A host's cores, caches and NUMA nodes, as far as planning needs them: hwloc's
 * knowledge in the words of DESIGN.md. Only CPUs that may be used are in it: they
 * are online, and the cpuset that this process is in has them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_TOPOLOGY_H
#define QEMU_PIN_TOPOLOGY_H

#include "base/cpu_set.h"
#include "base/result.h"
#include "plan/topology_source.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qemu_pin {

/* What a kind of core is called. */
enum class CoreKind {
  performance, /* the fastest kind: P-cores, big ones; on hosts of one kind, all */
  efficiency,  /* slower ones: E-cores, LITTLE ones, Zen 5c */
  low_power,   /* the slowest of three kinds: Intel's low-power E-cores */
};

/* "performance", "efficiency", "low-power". */
std::string_view kind_word(CoreKind kind);

/* A core and its hardware threads. Where hwloc knows no cores, each CPU is one. */
struct Core {
  std::vector<unsigned> cpus; /* those that may be used, in ascending order; never empty */
  bool whole;                 /* false: the host has more threads on it than we may use */
  unsigned domain;            /* index into Topology::domains */
  unsigned kind;              /* 0: the fastest kind of core that the host has, 1: the next, ... */
  /* Number of the group of the domain's cores that share an L2 or a cluster id (Intel's E-core
   * modules, Kunpeng's clusters); none: no others, or all of the domain's. */
  std::optional<unsigned> cluster;
};

/* The cores that share a last-level cache (L3) and a NUMA node. Where cores have no L3, on
 * the whole host or some of it (Intel's low-power E-cores), a package takes its place. */
struct CacheDomain {
  unsigned l3; /* number of the cache, hwloc's logical index; without one a number that no L3 has */
  bool has_l3;
  unsigned node;    /* OS index of the NUMA node, also where this process may not use its memory */
  unsigned package; /* hwloc's logical index */
  std::uint64_t bytes; /* size of the L3; 0: not known */
  /* How far from TopologySource::device: 0 the device's own, or as far as the host tells;
   * 1 the same node, 2 the same package, 3 another. 0 without a device. */
  unsigned device_distance;
};

/* Memory of the host. Nodes without CPUs (CXL, high-bandwidth memory, a GPU's) are here too. */
struct MemoryNode {
  unsigned index;      /* the operating system's */
  CpuSet cpus;         /* that may be used; empty: none is near */
  std::uint64_t bytes; /* 0: the node has no memory; of all nodes: not known */
  bool has_cpus;       /* the node has CPUs, though maybe none that may be used */
  std::string kind;    /* as the host says, else empty: "HBM", "MCDRAM", "GPUMemory", ... */
};

struct Topology {
  std::vector<Core> cores;          /* by package, node, domain, and lowest CPU */
  std::vector<CacheDomain> domains; /* in the order in which cores name them */
  unsigned kinds;                   /* of core: 1 unless the host is hybrid */
  std::vector<MemoryNode> nodes;    /* that this process may use, by index */
  /* Why a CPU is not in cores: it is offline; or it is online, but this process's cpuset does
   * not have it. A CPU in neither is absent from the host. */
  CpuSet offline, not_allowed;
  CpuSet isolated; /* by the running kernel: isolcpus, nohz_full, an isolated partition */
  bool has_l3;
  bool is_amd;         /* guests need topoext to see siblings */
  bool is_arm = false; /* a guest of KVM cannot run on cores of several kinds */
  bool device_placed;  /* the host says where TopologySource::device is; true without one */
  std::string xml;     /* all that hwloc read, as XML; empty unless asked for */

  CpuSet cpus() const;
  /* The core that has this CPU, or none. */
  const Core *core_of(unsigned cpu) const;
  /* Whether this process may use memory of that node; true where no node's is known. */
  bool has_memory(unsigned node) const;
  /* What a core's kind, a number, is called. */
  CoreKind kind_of(unsigned kind) const;
};

/* Orders domains by package, node and L3, and cores by domain and lowest CPU. Drops clusters of
 * one core and those of all cores of a domain: they part nothing. */
void arrange(Topology &topology);

/* Takes the other CPUs away: they become not allowed. Does nothing where none would be left. */
void restrict_to(Topology &topology, const CpuSet &allowed);

/* The CPUs that may be used. */
CpuSet cpus_on_node(const Topology &topology, unsigned node);

/* In topology_reader.cc. Fails when hwloc cannot read the host, when it has no CPU that may be
 * used, and when there is no such device. with_xml: fills Topology::xml. */
Result<Topology> read_topology(const TopologySource &source, bool with_xml = false);

} // namespace qemu_pin

#endif
