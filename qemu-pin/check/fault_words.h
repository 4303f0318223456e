/*
 * Phrases that the messages about faults share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_FAULT_WORDS_H
#define QEMU_PIN_FAULT_WORDS_H

#include "base/cpu_set.h"
#include "plan/topology.h"

#include <string>
#include <vector>

namespace qemu_pin {

std::string joined(const std::vector<std::string> &texts, const char *between);

/* The first few, with commas; "..." stands for more. */
std::string first_of(const std::vector<std::string> &texts);

/* "vCPU 3 is", "vCPUs 0-3 are" */
std::string vcpus_are(const CpuSet &vcpus);

/* "P-core", "E-core", "LP E-core"; on Arm "big core", "LITTLE core", "efficiency core". */
std::string short_kind_name(const Topology &topology, unsigned kind);

} // namespace qemu_pin

#endif
