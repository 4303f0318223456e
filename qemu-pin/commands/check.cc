/*
 * qemu-pin check: what is wrong with the pins of an existing command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "base/text_file.h"
#include "base/text_kind.h"
#include "check/findings.h"
#include "check/guest_description.h"
#include "check/start_nodes.h"
#include "commands/subcommand.h"
#include "commands/topology_options.h"

#include <fmt/core.h>
#include <memory>

namespace qemu_pin {

namespace {

struct CheckOptions {
  TopologySource source;
  std::vector<std::string> arguments;
  std::string libvirt, proxmox, plan;
  bool json = false;
};

/* A file of the wrong kind, with the option for it. */
Error wrong_kind(const std::string &file, const std::string &text, const std::string &otherwise) {
  const std::string kind = text_kind(text);
  if (is_proxmox_config(text))
    return Error{file + ": this is " + kind + ": give it with --proxmox"};
  if (kind == "a script" || kind == "a command line")
    return Error{fmt::format("{}: this is {}: check it with -- \"$(cat {})\"", file, kind, file)};
  return Error{file + ": " + otherwise};
}

Result<GuestDescription> read_file(const CheckOptions &options) {
  const bool is_proxmox = !options.proxmox.empty();
  const std::string &file = is_proxmox ? options.proxmox : options.libvirt;
  auto text = read_text_file(file);
  if (!text)
    return text.error();
  if (is_proxmox && !is_proxmox_config(*text)) {
    const std::string kind = text_kind(*text);
    return Error{file + ": this is " + (kind.empty() ? "" : kind + ", ") +
                 "not a guest's configuration of Proxmox VE's"};
  }
  if (is_proxmox)
    return read_proxmox_config(*text);
  auto guest = read_libvirt_domain(*text);
  return guest ? guest : wrong_kind(file, *text, guest.error().message);
}

Result<GuestDescription> read(const CheckOptions &options) {
  if (!options.plan.empty()) {
    auto plan = read_plan(options.plan);
    if (!plan)
      return plan.error();
    return described(*plan);
  }
  return options.arguments.empty() ? read_file(options) : read_qemu_arguments(options.arguments);
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
  const std::string files = options.libvirt + options.proxmox + options.plan;
  if (options.arguments.empty() && files.empty())
    return report("what to check is missing: -- ARGS..., --libvirt, --proxmox or --plan (try "
                  "--help)");
  if (!options.arguments.empty() && !files.empty())
    return report("ARGS exclude --libvirt, --proxmox and --plan (try --help)");
  auto guest = read(options);
  if (!guest)
    return report(guest.error().message);
  auto topology = read_topology(options.source);
  if (!topology)
    return report(topology.error().message);
  resolve_start_nodes(*topology, *guest);
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
      .not_empty()
      .group("What");
  check_command.add_option("--proxmox", options->proxmox, "A guest of Proxmox VE's instead")
      .type_name("FILE.conf")
      .not_empty()
      .group("What")
      .excludes("--libvirt");
  check_command.add_option("--plan", options->plan, "A plan instead (JSON)")
      .type_name("FILE")
      .not_empty()
      .group("What")
      .excludes("--libvirt")
      .excludes("--proxmox");
  add_topology_options(check_command, options->source);
  check_command.add_flag("--json", options->json, "Findings as JSON").group("Output");
  check_command.callback([options, &status, &tail] {
    options->arguments = tail;
    status = check(*options);
  });
}

} // namespace qemu_pin
