/*
 * Who else ran on host CPUs, in words and as JSON, for all subcommands that tell it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_STRANGER_REPORT_H
#define QEMU_PIN_STRANGER_REPORT_H

#include "observe/strangers.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace qemu_pin {

/* A line each, most time first: "host CPU 3: stress-ng-cpu (process 812) ran 98.0 ms of
 * 100.0 ms"; after the tenth, how many more. */
std::vector<std::string> stranger_lines(const std::vector<Stranger> &strangers,
                                        std::chrono::nanoseconds time);

/* "host CPUs 1,3: interrupt 24 (PCI-MSI eth0) fired 3 times in 100.0 ms" */
std::vector<std::string> interrupt_lines(const std::vector<Interrupt> &interrupts,
                                         std::chrono::nanoseconds time);

nlohmann::ordered_json strangers_json(const std::vector<Stranger> &strangers);
nlohmann::ordered_json interrupts_json(const std::vector<Interrupt> &interrupts);

/* "0.4 ms" */
std::string milliseconds_text(std::uint64_t nanoseconds);

} // namespace qemu_pin

#endif
