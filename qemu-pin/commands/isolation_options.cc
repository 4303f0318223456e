/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/isolation_options.h"

#include "base/printable.h"
#include "host/node_set.h"
#include "kernel/procfs.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace qemu_pin {

namespace {

bool holds(const std::vector<std::string> &names, const std::string &name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> step_names() {
  std::vector<std::string> names;
  for (const Step &step : all_steps())
    names.emplace_back(step.name);
  return names;
}

Result<> fault_of(const CpuSet &cpus, const CpuSet &online) {
  if (cpus.empty())
    return Error{"there are no CPUs to isolate"};
  if (const CpuSet missing = without(cpus, online); !missing.empty())
    return Error{fmt::format("host CPU {} is not online: the host has {}", *missing.begin(),
                             cpu_list(online))};
  if (without(online, cpus).empty())
    return Error{cpus_are(cpu_list(cpus)) + " all that the host has: it needs one for itself"};
  return {};
}

} // namespace

std::string steps_help() {
  std::string text = "Steps:\n";
  for (const Step &step : all_steps())
    text += fmt::format("  {:<16} {}{}\n", step.name, step.summary,
                        step.by_default ? "" : " (only if named)");
  return text;
}

Result<std::vector<Step>> chosen_steps(const IsolationOptions &options) {
  const std::vector<std::string> names = step_names();
  for (const auto *list : {&options.only, &options.skip})
    for (const std::string &name : *list)
      if (!holds(names, name))
        return Error{fmt::format("there is no step '{}': they are {}", printable(name),
                                 fmt::join(names, ", "))};
  std::vector<Step> steps;
  for (const Step &step : all_steps())
    if (!holds(options.skip, step.name) &&
        (options.only.empty() ? step.by_default : holds(options.only, step.name)))
      steps.push_back(step);
  return steps;
}

Result<IsolationRequest> isolation_request(const IsolationOptions &options, const Host &host,
                                           const CpuSet &cpus, const std::vector<Step> &steps) {
  IsolationRequest request = options.request;
  request.cpus = cpus;
  if (auto result = fault_of(request.cpus, host.online()); !result)
    return result.error();
  if (!options.mems.empty()) {
    auto mems =
        options.mems[0] == 'N' ? read_memory_nodes(host, options.mems) : read_cpu_set(options.mems);
    if (!mems)
      return Error{"--mems: " + mems.error().message};
    request.mems = *mems;
  }
  if (request.guest) {
    auto stat = host.procfs().stat(request.guest, request.guest);
    if (!stat || !*stat)
      return Error{fmt::format("--pid: there is no process {}", request.guest)};
  }
  if (!request.group.empty() && request.group[0] != '/')
    return Error{fmt::format("--group: '{}' must begin with /", printable(request.group))};
  for (const Step &step : steps)
    request.steps.emplace_back(step.name);
  request.load_balance = !options.no_load_balance;
  return request;
}

void add_isolation_options(const Command &subcommand, IsolationOptions &options,
                           const std::string &group) {
  IsolationRequest &request = options.request;
  const std::string steps = "Steps";
  subcommand.add_option("--only", options.only, "These steps, with commas between")
      .delimiter(',')
      .type_name("STEPS")
      .group(steps);
  subcommand.add_option("--skip", options.skip, "All but these")
      .delimiter(',')
      .type_name("STEPS")
      .group(steps)
      .excludes("--only");
  subcommand
      .add_option("--irq-to-guest", request.irq_to_guest,
                  "Interrupts with this in their name go to them (vfio)")
      .type_name("TEXT")
      .group(steps);
  subcommand.add_option("--governor", request.governor, "Of the CPUs; default: performance")
      .type_name("NAME")
      .group(steps);
  subcommand.add_option("--group", request.group, "Its name; default: /qemu-pin-CPUS")
      .type_name("PATH")
      .group(group);
  subcommand
      .add_option("--partition", request.partition,
                  "A partition of the kernel's: isolated or root (v2)")
      .type_name("KIND")
      .one_of({"isolated", "root"})
      .group(group);
  subcommand.add_option("--mems", options.mems, "NUMA nodes whose memory is the guest's alone")
      .type_name("NODES")
      .group(group);
  subcommand.add_flag("--exclusive", request.exclusive, "No other group may have the CPUs (v1)")
      .group(group);
  subcommand
      .add_flag("--no-load-balance", options.no_load_balance,
                "The scheduler leaves threads where they are (v1)")
      .group(group);
  subcommand.add_flag("--migrate", request.migrate, "Memory follows to the nodes (v1)")
      .group(group);
}

} // namespace qemu_pin
