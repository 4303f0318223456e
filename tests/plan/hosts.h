/*
 * Hosts to plan for: described, described and then altered, or captured.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_PLAN_HOSTS_H
#define TESTS_PLAN_HOSTS_H

#include "harness/temp_dir.h"
#include "plan/topology.h"

#include <cstdint>
#include <functional>
#include <hwloc.h>
#include <memory>
#include <string>

/* 8 cores of two threads, n and n+8; two L3s of 4 cores. */
extern const char *const example_host;

/* From hwloc's description of it. Throws if it cannot be read. */
qemu_pin::Topology synthetic(const std::string &text);

using Edit = std::function<void(hwloc_topology_t)>;

/* A described host with what descriptions cannot say, by way of an XML file. */
qemu_pin::Topology edited(const std::string &text, const Edit &edit);

/* Makes these CPUs (a CPU list) a kind of core; the more efficiency, the faster. */
void set_kind(hwloc_topology_t topology, const std::string &cpus, int efficiency,
              const std::string &mhz);

/* By hwloc's logical index of the L3. */
void set_cache(hwloc_topology_t topology, unsigned l3, std::uint64_t bytes);

/* Edits: cores below this CPU are 5 GHz ones, the others 3 GHz ones. */
Edit hybrid(unsigned cpu);

/* Edits: thirds of the CPUs are 5, 4 and 2.5 GHz ones. */
void three_kinds(hwloc_topology_t topology);

/* Edits: the first node has no memory, the others have. */
void only_first_node_is_empty(hwloc_topology_t topology);

/* Edits: only the last L3 is large. */
void last_cache_is_large(hwloc_topology_t topology);

/* A host of ../shared/topologies, or of $VCPUPIN_TOPOLOGIES. */
class CapturedHost {
public:
  explicit CapturedHost(const std::string &name);

  /* Whether there is such an archive, and it could be unpacked. */
  explicit operator bool() const { return unpacked_ != nullptr; }
  const std::string &archive() const { return archive_; }
  /* Until the program ends. */
  std::string root() const { return unpacked_->path(); }

private:
  std::string archive_;
  std::shared_ptr<TempDir> unpacked_; /* shared: unpacking takes seconds */
};

#endif
