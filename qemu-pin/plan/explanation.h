/*
 * Why a plan is as it is, for a person: lines on standard error beside the plan.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_EXPLANATION_H
#define QEMU_PIN_EXPLANATION_H

#include "pins/pin_plan.h"
#include "plan/placement.h"

#include <string>

namespace qemu_pin {

/* Lines: what the host has, what the guest gets and shares, what the host keeps, how
 * disks go on iothreads, and what would be better. */
std::string explanation(const TopologySource &source, const Topology &topology,
                        const PlacementRequest &request, const Placement &placement,
                        const PinPlan &plan);

/* A table of the cost's terms: weight, count, product, and their sum. */
std::string cost_table(const CostTerms &terms);

} // namespace qemu_pin

#endif
