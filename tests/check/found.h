/*
 * What check finds, as lines that tests compare.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_CHECK_FOUND_H
#define TESTS_CHECK_FOUND_H

#include "check/findings.h"

#include <string>
#include <vector>

using Words = std::vector<std::string>;

/* A pin for the emulator on the example host, where no fault is. */
inline const std::string emulator = " -emulatorpin affinity=0,affinity=8";

/* Parted at blanks. */
Words words(const std::string &text);

/* Of QEMU's options. */
qemu_pin::Findings check(const qemu_pin::Topology &topology, const std::string &arguments);

/* "KIND: MESSAGE" of each finding, "note: ..." of each note, and the block that mends them. */
Words lines_of(const qemu_pin::Findings &findings);

/* The same on the example host (plan/hosts.h), or another. */
Words found(const std::string &arguments);
Words found(const std::string &arguments, const qemu_pin::Topology &topology);

/* vCPUs on CPUs: each its own, in this order. */
qemu_pin::GuestDescription pinned(const std::vector<unsigned> &cpus, unsigned threads);

#endif
