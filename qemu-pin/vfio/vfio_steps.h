/*
 * Commands of vfio-isolate as steps of isolation. What several commands change ends as the
 * last of them leaves it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_VFIO_STEPS_H
#define QEMU_PIN_VFIO_STEPS_H

#include "isolation/steps/step.h"
#include "vfio/vfio_commands.h"

#include <string>
#include <vector>

namespace qemu_pin {

struct VfioStep {
  Step step;
  bool repeats; /* to be taken again until it does nothing more: members of a group may fork */
};

/* To be taken in order. None for RestoreFile, which undoes others. */
std::vector<VfioStep> vfio_steps(const VfioCommand &command);

/* What the user should know before: options that this host's control groups do not have, and
 * that are ignored, as vfio-isolate does; who else moves interrupts. */
std::vector<std::string> vfio_warnings(const Host &host, const VfioCommand &command);

} // namespace qemu_pin

#endif
