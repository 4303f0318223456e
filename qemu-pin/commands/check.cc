/*
 * qemu-pin check: what is wrong with the pins of an existing command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "base/text_file.h"
#include "check/findings.h"
#include "check/guest_description.h"
#include "commands/subcommand.h"
#include "commands/topology_options.h"
#include "plan/topology_in_child.h"

#include <fmt/core.h>
#include <memory>

namespace qemu_pin {

namespace {

struct CheckOptions {
  TopologySource source;
  std::vector<std::string> arguments;
  std::string libvirt, plan;
  bool json = false;
};

Result<GuestDescription> read(const CheckOptions &options) {
  if (!options.plan.empty()) {
    auto plan = read_plan(options.plan);
    if (!plan)
      return plan.error();
    return described(*plan);
  }
  if (options.libvirt.empty())
    return read_qemu_arguments(options.arguments);
  auto text = read_text_file(options.libvirt);
  if (!text)
    return text.error();
  auto guest = read_libvirt_domain(*text);
  return guest ? guest : Error{options.libvirt + ": " + guest.error().message};
}

void print_json(const std::vector<Finding> &findings) {
  nlohmann::ordered_json document;
  document["qemu-pin-check"] = 1;
  document["findings"] = nlohmann::ordered_json::array();
  for (const Finding &finding : findings)
    document["findings"].push_back(
        {{"kind", finding.kind}, {"message", finding.message}, {"corrected", finding.corrected}});
  fmt::print("{}", json_document(document));
}

void print_text(const std::vector<Finding> &findings) {
  for (const Finding &finding : findings) {
    fmt::print("{}: {}\n", finding.kind, finding.message);
    for (const std::string &line : finding.corrected)
      fmt::print("    {}\n", line);
  }
  if (findings.empty())
    fmt::print("nothing is wrong with these pins on this host\n");
}

int check(const CheckOptions &options) {
  if (options.arguments.empty() && options.libvirt.empty() && options.plan.empty())
    return report("what to check is missing: -- ARGS..., --libvirt or --plan (try --help)");
  if (!options.arguments.empty() && !(options.libvirt + options.plan).empty())
    return report("ARGS exclude --libvirt and --plan (try --help)");
  auto guest = read(options);
  if (!guest)
    return report(guest.error().message);
  auto topology = read_topology_in_child(options.source);
  if (!topology)
    return report(topology.error().message);
  const std::vector<Finding> findings = find_faults(*topology, *guest);
  if (options.json)
    print_json(findings);
  else
    print_text(findings);
  return findings.empty() ? done : not_as_planned;
}

} // namespace

void add_check(Program &program, int &status, const Tail &tail) {
  auto options = std::make_shared<CheckOptions>();
  const Command check_command =
      program.add_subcommand("check", "Say what is wrong with a command line's pins");
  check_command.footer(
      "Each finding is a line, with the corrected options below it; together they\n"
      "mend all. Exit status: 0 nothing found, 1 findings, 2 trouble.");
  check_command.add_option("--libvirt", options->libvirt, "A domain of libvirt's instead")
      .type_name("FILE.xml")
      .group("What");
  check_command.add_option("--plan", options->plan, "A plan instead (JSON)")
      .type_name("FILE")
      .group("What")
      .excludes("--libvirt");
  add_topology_options(check_command, options->source);
  check_command.add_flag("--json", options->json, "Findings as JSON").group("Output");
  check_command.callback([options, &status, &tail] {
    options->arguments = tail;
    status = check(*options);
  });
}

} // namespace qemu_pin
