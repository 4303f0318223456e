/*
 * A topology as bytes, for another process of the same program.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_TOPOLOGY_MESSAGE_H
#define QEMU_PIN_TOPOLOGY_MESSAGE_H

#include "plan/topology.h"

#include <string>

namespace qemu_pin {

std::string to_message(const Topology &topology);

/* Fails on what to_message() has not made. */
Result<Topology> topology_from_message(const std::string &message);

} // namespace qemu_pin

#endif
