/*
 * qemu-pin check: what is wrong with the pins of an existing command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/text_file.h"
#include "base/text_kind.h"
#include "check/findings.h"
#include "check/guest_description.h"
#include "check/start_nodes.h"
#include "commands/check_report.h"
#include "commands/subcommand.h"
#include "commands/topology_options.h"
#include "plan/host_line.h"
#include "plan/topology_in_child.h"

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
  auto topology = read_topology_in_child(options.source);
  if (!topology)
    return report(topology.error().message);
  if (guest->allowed)
    restrict_to(*topology, *guest->allowed);
  resolve_start_nodes(*topology, *guest);
  const std::string host = host_line(options.source, *topology);
  const Findings findings = find_faults(*topology, *guest);
  fmt::print("{}", options.json ? check_json(host, findings) : check_text(host, findings));
  return findings.list.empty() ? done : not_as_planned;
}

} // namespace

void add_check(Program &program, int &status, const Tail &tail) {
  auto options = std::make_shared<CheckOptions>();
  const Command check_command =
      program.add_subcommand("check", "Say what is wrong with a command line's pins");
  check_command.footer(
      "ARGS may begin with what starts QEMU (taskset, numactl, sudo ...), or be one\n"
      "text: a command line or a script. -- may be left out before QEMU's options.\n\n"
      "Each kind of finding is a line; the last lines are the options that mend\n"
      "all. Exit status: 0 nothing found, 1 findings, 2 trouble.");
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
