/*
 * The steps of isolation, in the order in which they are taken.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_ISOLATION_ALL_STEPS_H
#define QEMU_PIN_ISOLATION_ALL_STEPS_H

#include "isolation/steps/step.h"

#include <vector>

namespace qemu_pin {

const std::vector<Step> &all_steps();

} // namespace qemu_pin

#endif
