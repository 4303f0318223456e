/*
 * qemu-pin host: whether a host is fit for pins, a fact a line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "commands/subcommand.h"
#include "commands/topology_options.h"
#include "host/cpu_facts.h"
#include "host/iommu_group.h"
#include "host/kernel_facts.h"
#include "host/memory_facts.h"
#include "plan/topology_facts.h"
#include "plan/topology_in_child.h"

#include <algorithm>
#include <fmt/core.h>
#include <memory>

namespace qemu_pin {

namespace {

struct HostOptions {
  TopologySource source;
  std::string device;
  bool json = false;
};

std::string_view mark_word(Mark mark) {
  switch (mark) {
  case Mark::ok:
    return "ok";
  case Mark::note:
    return "note";
  case Mark::problem:
    return "problem";
  case Mark::unknown:
    break;
  }
  return "unknown";
}

/* A file or a description has a topology, and nothing else. */
Result<HostFacts> read_facts(const HostOptions &options) {
  auto topology = read_topology_in_child(options.source);
  if (!topology)
    return topology.error();
  HostFacts facts = topology_facts(*topology);
  if (!options.source.file.empty() || !options.source.synthetic.empty())
    return facts;
  const Host host(options.source.root);
  auto iommu = iommu_fact(host, options.device);
  if (!iommu)
    return Error{source_name(options.source) + ": " + iommu.error().message};
  const auto add = [&](HostFacts more) {
    std::move(more.begin(), more.end(), std::back_inserter(facts));
  };
  add(memory_facts(host));
  add(cpu_facts(host, topology->cpus()));
  facts.push_back(std::move(*iommu));
  add(kernel_facts(host));
  return facts;
}

void print_json(const HostOptions &options, const HostFacts &facts, bool is_fit) {
  OrderedJson document;
  document["qemu-pin-host"] = 1;
  document["host"] = source_name(options.source);
  document["fit"] = is_fit;
  document["facts"] = OrderedJson::array();
  for (const HostFact &fact : facts)
    document["facts"].push_back({{"name", fact.name},
                                 {"mark", mark_word(fact.mark)},
                                 {"value", fact.value},
                                 {"advice", fact.advice}});
  fmt::print("{}", json_document(document));
}

void print_text(const HostOptions &options, const HostFacts &facts) {
  fmt::print("{}\n", source_name(options.source));
  for (const HostFact &fact : facts)
    fmt::print("{:<8} {:<11} {}{}{}\n", mark_word(fact.mark), fact.name, fact.value,
               fact.advice.empty() ? "" : " -- ", fact.advice);
}

int host_command(const HostOptions &options) {
  if (!options.device.empty() && !(options.source.file + options.source.synthetic).empty())
    return report("--near needs this host or --fsroot: a topology has no IOMMU groups");
  auto facts = read_facts(options);
  if (!facts)
    return report(facts.error().message);
  const bool is_fit = std::none_of(facts->begin(), facts->end(),
                                   [](const HostFact &fact) { return fact.mark == Mark::problem; });
  if (options.json)
    print_json(options, *facts, is_fit);
  else
    print_text(options, *facts);
  return is_fit ? done : not_as_planned;
}

} // namespace

void add_host(Program &program, int &status) {
  auto options = std::make_shared<HostOptions>();
  const Command command = program.add_subcommand("host", "Say whether a host is fit for pins");
  command.footer("A line a fact: ok, note (pins hold, but are worth less), problem (pins do\n"
                 "not hold), or unknown; and after -- what to do.\n"
                 "Exit status: 0 no problem, 1 problems, 2 trouble.");
  command.add_option("--near", options->device, "The IOMMU group of this PCI device")
      .type_name("ADDRESS")
      .group("What");
  add_topology_options(command, options->source);
  command.add_flag("--json", options->json, "Facts as JSON").group("Output");
  command.callback([options, &status] { status = host_command(*options); });
}

} // namespace qemu_pin
