/*
 * Which cores the host may keep, of the number that is asked for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_RESERVATIONS_H
#define QEMU_PIN_RESERVATIONS_H

#include "plan/placement_request.h"

#include <vector>

namespace qemu_pin {

/*
 * The sets of CPUs that placing tries, of equals in this order; never empty, and all of
 * request.reserve_cores, or only request.reserve. Cores of the slowest kind come first. On hosts of
 * up to 16 cores all choices are tried; on larger ones the first cores of the host, of each sort
 * of cache domain and core, and one core of each domain. Without a number of vCPUs only the
 * first: all that is not reserved is then the guest's.
 */
std::vector<CpuSet> reservations(const Topology &topology, const PlacementRequest &request);

} // namespace qemu_pin

#endif
