/*
 * What plan reads of a host and makes of a request, as tests compare it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_PLAN_PLACED_H
#define TESTS_PLAN_PLACED_H

#include "plan/placement.h"

#include <string>
#include <vector>

/* The CPUs of each kind of core, the fastest first: "0-3/4-7". */
std::string kinds_of(const qemu_pin::Topology &topology);

qemu_pin::PlacementRequest wanting(unsigned vcpus, unsigned reserve_cores = 0);

/* Fails the test where there is no placement. */
qemu_pin::Placement placed(const qemu_pin::Topology &topology,
                           const qemu_pin::PlacementRequest &request);

/* Why there is none; else where the guest is. */
std::string refusal(const qemu_pin::Topology &topology, const qemu_pin::PlacementRequest &request);

/* What QEMU would be told: sockets, cores of each, threads of each ("1x4x2"). */
std::string guest_of(const qemu_pin::Topology &topology, const qemu_pin::Placement &placement);

/* Both included. */
std::vector<unsigned> from_to(unsigned first, unsigned last);

#endif
