/*
 * What is wrong with a topology that comes from a file or a folder: hwloc takes much of it
 * unseen, and crashes on some.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_TOPOLOGY_DAMAGE_H
#define QEMU_PIN_TOPOLOGY_DAMAGE_H

#include "base/result.h"

#include <hwloc.h>
#include <string>

namespace qemu_pin {

/* The most CPUs that Linux can be built for. */
constexpr unsigned most_cpus = 8192;

/* What a topology is that cannot be used, in words: what is wrong with it in parentheses. */
std::string damaged(const std::string &why);
std::string too_large();

/* Fails when the CPUs of an object are not those of the objects in it, when it names a NUMA node
 * that is missing, and when there are more CPUs than most_cpus. The message names the object. */
Result<> check_sets(hwloc_topology_t topology);

/* The object of lstopo's XML that hwloc crashes on, and why; "" where none is known. */
std::string object_that_crashes(const std::string &xml);

} // namespace qemu_pin

#endif
