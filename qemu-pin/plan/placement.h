/*
 * Which host CPU each vCPU gets, and what the host keeps: a request to a topology.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PLACEMENT_H
#define QEMU_PIN_PLACEMENT_H

#include "plan/placement_cost.h"
#include "plan/topology.h"

#include <optional>

namespace qemu_pin {

struct PlacementRequest {
  std::optional<unsigned> vcpus; /* none: one on each thread that there is room for */
  unsigned reserve_cores = 0;    /* whole cores for the host */
  CpuSet reserve;                /* CPUs for the host; not together with reserve_cores */
  CpuSet nodes;                  /* NUMA nodes that the guest may be on; empty: any */
  bool split_cores = false;      /* a core's threads may go to guest and host */
  bool overcommit = false;       /* more vCPUs than CPUs */
  CostRules rules;
};

struct Placement {
  std::vector<unsigned> vcpus; /* host CPU of each vCPU; guest siblings are next to each other */
  CpuSet reserved;             /* as asked for */
  CpuSet idle;                 /* threads of the guest's cores that nobody is given */
  CpuSet left;                 /* all other CPUs */
  unsigned cores;              /* of the host that the guest has */
  unsigned threads;            /* guest threads a core: as on the host, or 1 if that cannot be */
  unsigned sockets;            /* packages, if the guest has as many cores of each, or 1 */
  bool mirrored;               /* the guest's threads and cores are the host's */
  bool overcommitted;
  CostTerms cost;

  CpuSet guest() const { return {vcpus.begin(), vcpus.end()}; }
};

/* The placement that costs least. Of equals, that with the lowest-numbered CPUs. The
 * reserved cores are those that cost the guest least; on hosts of more than 16 cores
 * only the first of the host, of each sort of cache domain and core, and one of each
 * domain are tried. Without a number of vCPUs they are the first of the host. Fails
 * when the request cannot be met; the message says what is missing and what could
 * be had. */
Result<Placement> place(const Topology &topology, const PlacementRequest &request);

} // namespace qemu_pin

#endif
