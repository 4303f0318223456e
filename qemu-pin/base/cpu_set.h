/*
 * Sets of host CPUs while a plan is made, and their text. Reading and writing CPU
 * lists is libvcpupin's; here are only the ways there and back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CPU_SET_H
#define QEMU_PIN_CPU_SET_H

#include "base/result.h"

#include <memory>
#include <set>
#include <string>
#include <vcpupin.h>

namespace qemu_pin {

struct FreeCpus {
  void operator()(vcpupin_cpus *cpus) const { vcpupin_cpus_free(cpus); }
};
/* A set of host CPUs, owned. */
using Cpus = std::unique_ptr<vcpupin_cpus, FreeCpus>;

/* Reads a CPU list by libvcpupin; the message is the library's. */
Result<Cpus> parse_cpus(const std::string &list);

/* Host CPUs, as Linux numbers them. */
using CpuSet = std::set<unsigned>;

/* From a CPU list; the message is libvcpupin's. */
Result<CpuSet> read_cpu_set(const std::string &list);

/* From the library's own. */
CpuSet cpu_set(const vcpupin_cpus *cpus);

/* "0-3,8"; "" for none. */
std::string cpu_list(const CpuSet &cpus);

/* Of a CPU list, as people are told of it: "CPU 5", "CPUs 2-3"; "CPU 5 is", "CPUs 2-3 are". */
std::string cpus_text(const std::string &list);
std::string cpus_are(const std::string &list);

/* From a mask as the kernel prints them: "ff", "00000003,ffffffff". */
Result<CpuSet> read_cpu_mask(const std::string &mask);

/* As such a mask, with as many digits and commas as like has, and more if the CPUs need
 * them. like: a mask of the kernel's. */
std::string cpu_mask(const CpuSet &cpus, const std::string &like);

/* Those of all that are not in others. */
CpuSet without(const CpuSet &all, const CpuSet &others);

} // namespace qemu_pin

#endif
