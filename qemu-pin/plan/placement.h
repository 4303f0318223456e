/*
 * Which host CPU each vCPU gets, and what the host keeps: a request to a topology.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PLACEMENT_H
#define QEMU_PIN_PLACEMENT_H

#include "plan/placement_cost.h"
#include "plan/placement_request.h"
#include "plan/topology.h"

#include <vector>

namespace qemu_pin {

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

/* The placement that costs least. Of equals, that with the lowest-numbered CPUs. Which cores
 * may be reserved: see reservations.h. On Arm all vCPUs are on cores of one kind, the fastest
 * that has room, unless CostRules::any_core or several kinds allow more. Fails when the
 * request cannot be met; the message says what is missing and what could be had. */
Result<Placement> place(const Topology &topology, const PlacementRequest &request);

} // namespace qemu_pin

#endif
