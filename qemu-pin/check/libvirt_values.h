/*
 * Numbers and sets as libvirt reads them from a domain: blanks where it takes them, and no
 * other than it takes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_LIBVIRT_VALUES_H
#define QEMU_PIN_LIBVIRT_VALUES_H

#include "base/cpu_set.h"

#include <optional>
#include <string>

namespace qemu_pin {

/* A decimal number; blanks and a '+' may be before it, nothing after it. */
std::optional<unsigned> libvirt_number(const std::string &text);

/* A cpuset, or nodeset: "0-3, 8,^2". Of two pieces that disagree the later one counts: "^1,0-3"
 * has 1. Fails on what libvirt refuses: an empty set, strides, CPUs above 16383. */
Result<CpuSet> libvirt_set(const std::string &text);

} // namespace qemu_pin

#endif
