/*
 * A host's picture with each role coloured, drawn by hwloc's lstopo.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PICTURE_H
#define QEMU_PIN_PICTURE_H

#include "base/cpu_set.h"
#include "base/result.h"
#include "pins/pin_plan.h"

#include <optional>
#include <string>

namespace qemu_pin {

/* Writes the picture of plan on the host that xml describes (Topology::xml) to file,
 * of the kind that its name ends in: .svg, .png or what else lstopo can draw. idle:
 * siblings of the guest's that nobody is given. Fails when lstopo is missing or
 * fails; file is then as it was. */
Result<> draw(const std::string &xml, const PinPlan &plan, const CpuSet &idle,
              const std::string &file);

} // namespace qemu_pin

#endif
