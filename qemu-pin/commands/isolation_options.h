/*
 * Options that say how CPUs are isolated, for the subcommands that do it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_ISOLATION_OPTIONS_H
#define QEMU_PIN_ISOLATION_OPTIONS_H

#include "commands/command_line.h"
#include "isolation/all_steps.h"

#include <string>
#include <vector>

namespace qemu_pin {

struct IsolationOptions {
  std::string cpus; /* as typed; "" if they are not */
  std::string mems;
  std::vector<std::string> only, skip;
  bool no_load_balance = false;
  IsolationRequest request; /* what needs no reading */
};

/* group: the heading of those about the guest's control group. */
void add_isolation_options(const Command &subcommand, IsolationOptions &options,
                           const std::string &group);

/* All steps, a line each. */
std::string steps_help();

/* Fails on a name that is no step's. */
Result<std::vector<Step>> chosen_steps(const IsolationOptions &options);

/* What is asked for, whole: CPUs that are online, and not all of them. The command is for
 * the caller to add. */
Result<IsolationRequest> isolation_request(const IsolationOptions &options, const Host &host,
                                           const CpuSet &cpus, const std::vector<Step> &steps);

} // namespace qemu_pin

#endif
