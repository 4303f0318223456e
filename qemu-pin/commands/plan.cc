/*
 * qemu-pin plan: from the host's topology to arguments.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "commands/subcommand.h"
#include "commands/topology_options.h"
#include "plan/explanation.h"
#include "plan/formats.h"
#include "plan/picture.h"
#include "plan/placement.h"
#include "plan/roles.h"
#include "plan/topology_in_child.h"

#include <algorithm>
#include <cstdio>
#include <fmt/core.h>
#include <map>
#include <memory>
#include <sstream>

namespace qemu_pin {

namespace {

struct PlanOptions {
  TopologySource source;
  PlacementRequest request;
  unsigned vcpus = 0, iothreads = 0, disks = 0;
  bool all = false, explain = false, quiet = false;
  std::string reserve, nodes, l3 = "pack", smt = "auto", cores, cache, file, picture;
  Format format = Format::qemu;
};

void add_request_options(const Command &plan, PlanOptions &options) {
  plan.add_option("--vcpus", options.vcpus, "This many vCPUs").type_name("N").group("How many");
  plan.add_flag("--all", options.all, "As many as there is room for (default)")
      .group("How many")
      .excludes("--vcpus");
  plan.add_flag("--one-per-core", options.request.rules.one_per_core,
                "One vCPU a core; its siblings stay idle")
      .group("How many");
  plan.add_option("--reserve-cores", options.request.reserve_cores, "N cores for the host")
      .type_name("N")
      .group("How many");
  plan.add_option("--reserve", options.reserve, "These CPUs for the host")
      .type_name("CPUS")
      .group("How many")
      .excludes("--reserve-cores");
  plan.add_flag("--overcommit", options.request.overcommit, "More vCPUs than CPUs, if asked for")
      .group("How many");
  plan.add_option("--iothreads", options.iothreads, "N iothreads, beside the emulator")
      .type_name("N")
      .group("How many");
  plan.add_option("--disks", options.disks, "Spread M disks over the iothreads")
      .type_name("M")
      .group("How many");
}

void add_place_options(const Command &plan, PlanOptions &options) {
  const std::string group = "Where";
  plan.add_option("--l3", options.l3, "Share few L3s, or spread over many")
      .type_name("pack|spread")
      .one_of({"pack", "spread"})
      .group(group);
  plan.add_option("--node", options.nodes, "On these NUMA nodes only")
      .type_name("LIST")
      .group(group);
  plan.add_option("--near", options.source.device, "Near this PCI device")
      .type_name("ADDRESS")
      .group(group);
  plan.add_option("--cores", options.cores,
                  "On these kinds of core: performance (P-cores),\n"
                  "efficiency (E-cores), low-power; or any, all alike")
      .type_name("KINDS")
      .group(group);
  plan.add_option("--prefer-cache", options.cache, "On the L3s of the largest size")
      .type_name("big")
      .one_of({"big"})
      .group(group);
  plan.add_option("--smt", options.smt, "off: as --one-per-core")
      .type_name("auto|off")
      .one_of({"auto", "off"})
      .group(group);
  plan.add_flag("--split-cores", options.request.split_cores, "A core may be guest's and host's")
      .group(group);
}

void add_output_options(const Command &plan, PlanOptions &options) {
  static const std::map<std::string, Format> formats = {
      {"qemu", Format::qemu},
      {"json", Format::json},
      {"libvirt", Format::libvirt},
      {"cloud-hypervisor", Format::cloud_hypervisor},
      {"crosvm", Format::crosvm}};
  std::vector<std::string> names;
  for (const auto &[name, format] : formats)
    names.push_back(name);
  const std::string group = "Output";
  plan.add_option(
          "--format", [&options](const std::string &name) { options.format = formats.at(name); },
          "qemu (default), json, libvirt,\n"
          "cloud-hypervisor, crosvm")
      .type_name("NAME")
      .one_of(names)
      .group(group);
  plan.add_flag(
          "--json", [&options] { options.format = Format::json; }, "As --format json")
      .group(group);
  plan.add_option("--read", options.file, "Make no plan: print this one (JSON)")
      .type_name("FILE")
      .group(group);
  plan.add_option("--draw", options.picture, "Draw the host, coloured by role")
      .type_name("FILE.svg|png")
      .group(group);
  plan.add_flag("--explain", options.explain, "Print what the plan costs, by term").group(group);
  plan.add_flag("-q,--quiet", options.quiet, "Only the plan, without the reasons").group(group);
}

/* --cores: names of kinds that commas part, or "any". */
Result<> read_cores(const std::string &text, PlacementRequest &request) {
  if (text == "any") {
    request.rules.any_core = true;
    return {};
  }
  std::istringstream names(text);
  for (std::string name; std::getline(names, name, ',');) {
    const auto known = {CoreKind::performance, CoreKind::efficiency, CoreKind::low_power};
    const auto kind = std::find_if(known.begin(), known.end(),
                                   [&](CoreKind one) { return kind_word(one) == name; });
    if (kind == known.end())
      return Error{"--cores " + text + ": '" + name +
                   "' is no kind of core (performance, efficiency, low-power; or any alone)"};
    request.kinds.insert(*kind);
  }
  return {};
}

Result<> complete(PlanOptions &options) {
  PlacementRequest &request = options.request;
  if (options.vcpus)
    request.vcpus = options.vcpus;
  if (!options.reserve.empty()) {
    auto cpus = read_cpu_set(options.reserve);
    if (!cpus)
      return Error{"--reserve " + options.reserve + ": " + cpus.error().message};
    request.reserve = *cpus;
  }
  if (!options.nodes.empty()) {
    auto nodes = read_cpu_set(options.nodes);
    if (!nodes)
      return Error{"--node " + options.nodes + ": " + nodes.error().message};
    request.nodes = *nodes;
  }
  request.rules.spread_l3 = options.l3 == "spread";
  request.rules.prefer_big_cache = !options.cache.empty();
  request.rules.one_per_core = request.rules.one_per_core || options.smt == "off";
  if (auto result = read_cores(options.cores, request); !result)
    return result;
  if (options.disks && !options.iothreads)
    return Error{"--disks needs --iothreads"};
  if (request.overcommit && !request.vcpus)
    return Error{"--overcommit needs --vcpus"};
  return {};
}

void print(const PlanOptions &options, const PinPlan &plan, const std::string &reasons) {
  if (!options.quiet) {
    fmt::print(stderr, "{}", reasons);
    for (const std::string &line : unsaid(plan, options.format))
      fmt::print(stderr, "{:<8}{}\n", "missing", line);
  }
  fmt::print("{}", in_format(plan, options.format));
}

int print_known(const PlanOptions &options) {
  auto plan = read_plan(options.file);
  if (!plan)
    return report(plan.error().message);
  print(options, *plan, "");
  return done;
}

int make(const PlanOptions &options) {
  auto topology = read_topology_in_child(options.source, !options.picture.empty());
  if (!topology)
    return report(topology.error().message);
  auto placement = place(*topology, options.request);
  if (!placement)
    return report(placement.error().message);
  PinPlan plan = plan_for(*topology, *placement, options.iothreads, options.disks);
  plan.accepted = accepted_by(options.request, *placement);
  if (!options.picture.empty())
    if (auto result = draw(topology->xml, plan, placement->idle, options.picture); !result)
      return report(result.error().message);
  std::string reasons;
  if (!options.quiet)
    reasons = explanation(options.source, *topology, options.request, *placement, plan);
  if (options.explain)
    reasons += "\n" + cost_table(placement->cost);
  print(options, plan, reasons);
  return done;
}

} // namespace

void add_plan(Program &program, int &status) {
  auto options = std::make_shared<PlanOptions>();
  const Command plan =
      program.add_subcommand("plan", "Plan pins for a host; print QEMU's arguments");
  plan.footer("On standard output: the plan. On standard error: why.\n"
              "Exit status: 0 done, 2 the plan cannot be, or trouble.");
  add_request_options(plan, *options);
  add_place_options(plan, *options);
  add_topology_options(plan, options->source);
  add_output_options(plan, *options);
  plan.callback([options, plan, &status] {
    if (plan.was_given("--vcpus") && !options->vcpus)
      status = report("--vcpus 0: a guest has at least one vCPU");
    else if (auto result = complete(*options); !result)
      status = report(result.error().message);
    else
      status = options->file.empty() ? make(*options) : print_known(*options);
  });
}

} // namespace qemu_pin
