/*
 * qemu-pin isolate: keeps the rest of the host off the CPUs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/held_signals.h"

#include "base/json.h"
#include "base/printable.h"
#include "base/words.h"
#include "commands/isolation_options.h"
#include "commands/subcommand.h"
#include "host/node_set.h"
#include "isolation/isolation.h"
#include "isolation/isolation_status.h"
#include "observe/stranger_report.h"
#include "pins/pin_plan.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <unistd.h>

namespace qemu_pin {

using namespace std::chrono_literals;
using nlohmann::ordered_json;

namespace {

constexpr double usual_time = 2; /* seconds, of --status */

struct IsolateOptions {
  IsolationOptions isolation;
  std::string plan, root;
  double seconds = usual_time;
  bool dry_run = false, status = false, json = false, verbose = false;
};

Result<CpuSet> cpus_of(const IsolateOptions &options, const Host &host) {
  if (options.isolation.cpus.empty() == options.plan.empty())
    return Error{options.isolation.cpus.empty()
                     ? "the CPUs to isolate are missing: CPUS, or --plan FILE"
                     : "--plan excludes CPUS"};
  if (!options.isolation.cpus.empty())
    return read_cpus_or_nodes(host, options.isolation.cpus);
  auto plan = read_plan(options.plan);
  if (!plan)
    return plan.error();
  CpuSet all;
  for (const std::string &list : plan->vcpus) {
    auto cpus = read_cpu_set(list);
    if (!cpus)
      return Error{options.plan + ": " + cpus.error().message};
    all.merge(*cpus);
  }
  return all;
}

/* Rows of a line that does not fit beside a step's name; what is no first row is indented. */
std::vector<std::string> folded(const std::string &line, std::size_t indent) {
  constexpr std::size_t width = 62;
  std::vector<std::string> rows;
  std::string row(indent, ' ');
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    const bool is_first = row.find_first_not_of(' ') == std::string::npos;
    if (!is_first && row.size() + 1 + end - at > width) {
      rows.push_back(row);
      row.assign(indent + 2, ' ');
    } else if (!is_first) {
      row += ' ';
    }
    row += line.substr(at, end - at);
    at = end + 1;
  }
  rows.push_back(row);
  return rows;
}

class Teller {
public:
  explicit Teller(const IsolateOptions &options, std::string cpus)
      : options_(options), json_({{"qemu-pin-isolate", 1},
                                  {"cpus", std::move(cpus)},
                                  {"dry_run", options.dry_run},
                                  {"steps", ordered_json::array()}}) {}

  void tell(const StepReport &report) {
    ordered_json lines = ordered_json::array(), writes = ordered_json::array();
    for (const std::string &line : report.lines)
      lines.push_back(printable(line));
    for (const std::string &write : report.writes)
      writes.push_back(printable(write));
    if (options_.json) {
      json_["steps"].push_back({{"step", report.step}, {"told", lines}, {"writes", writes}});
      return;
    }
    std::string name = report.step;
    for (const auto *list : {&report.lines, &report.writes})
      for (const std::string &line : *list) {
        if (list == &report.writes && !options_.verbose && !options_.dry_run)
          continue;
        for (const std::string &row : folded(printable(line), list == &report.writes ? 2 : 0)) {
          fmt::print("{:<16} {}\n", name, row);
          name.clear();
        }
      }
    if (!name.empty())
      fmt::print("{:<16} nothing to do\n", name);
  }

  void end(const std::string &last) const {
    if (options_.json)
      fmt::print("{}", json_document(json_));
    else
      fmt::print("{}\n", last);
  }

private:
  const IsolateOptions &options_;
  ordered_json json_;
};

int rehearse_all(const IsolateOptions &options, const Host &host, const IsolationRequest &request,
                 const std::vector<Step> &steps) {
  Teller teller(options, request.id().list());
  for (const Step &step : steps) {
    auto report = rehearse(host, step, request, {});
    if (!report)
      return qemu_pin::report(report.error().message);
    teller.tell(*report);
  }
  teller.end("Nothing was changed: this was a dry run.");
  return done;
}

int isolate_all(const IsolateOptions &options, const Host &host, const IsolationRequest &request,
                const std::vector<Step> &steps) {
  Teller teller(options, request.id().list());
  auto told = isolate(host, request, steps, [&](const StepReport &step) { teller.tell(step); });
  if (!told)
    return report(told.error().message);
  for (const std::string &line : *told)
    report(line);
  teller.end(cpus_are(request.id().list()) + " isolated until qemu-pin restore.");
  return done;
}

void print_status(const IsolationStatus &status) {
  const Isolation &isolation = status.isolation;
  fmt::print("{}: isolated by {}\n", cpus_text(isolation.id.list()),
             printable(holder_text(isolation)));
  fmt::print("  steps: {}\n", fmt::join(isolation.steps, ", "));
  if (!isolation.group.empty())
    fmt::print("  guest's group: {}\n", printable(isolation.group));
  fmt::print("  guests: {}\n", status.guests.empty()
                                   ? "none"
                                   : fmt::format("process {}", fmt::join(status.guests, ", ")));
  if (status.strangers.empty())
    fmt::print("  strangers: none in {:.1f} s\n",
               std::chrono::duration<double>(status.time).count());
  for (const std::string &line : stranger_lines(status.strangers, status.time))
    fmt::print("  stranger: {}\n", line);
  std::uint64_t bound = 0;
  for (const Stranger &one : status.bound)
    bound += one.run_ns;
  fmt::print("  the kernel's own, bound there: {} ran {}\n", counted(status.bound.size(), "thread"),
             milliseconds_text(bound));
  for (const std::string &line : interrupt_lines(status.interrupts, status.time))
    fmt::print("  {}\n", line);
}

ordered_json status_json(const IsolationStatus &status) {
  const Isolation &isolation = status.isolation;
  return {{"cpus", isolation.id.list()},
          {"by",
           {{"process", isolation.process},
            {"command", printable(isolation.command)},
            {"time", isolation.time}}},
          {"steps", isolation.steps},
          {"group", printable(isolation.group)},
          {"guests", status.guests},
          {"ns", status.time.count()},
          {"strangers", strangers_json(status.strangers)},
          {"bound", strangers_json(status.bound)},
          {"interrupts", interrupts_json(status.interrupts)}};
}

int show_status(const IsolateOptions &options, const Host &host) {
  std::vector<Isolation> isolations;
  {
    auto journal = Journal::open(host);
    if (!journal)
      return report(journal.error().message);
    isolations = journal->content().isolations;
  }
  const auto found = watch_isolations(host, isolations,
                                      std::chrono::duration_cast<std::chrono::milliseconds>(
                                          std::chrono::duration<double>(options.seconds)));
  if (options.json) {
    ordered_json json = {{"qemu-pin-isolation-status", 1}, {"isolations", ordered_json::array()}};
    for (const IsolationStatus &status : found)
      json["isolations"].push_back(status_json(status));
    fmt::print("{}", json_document(json));
  } else {
    for (const IsolationStatus &status : found)
      print_status(status);
    if (found.empty())
      fmt::print("no CPUs are isolated\n");
  }
  const bool is_alone =
      !found.empty() && std::all_of(found.begin(), found.end(), [](const IsolationStatus &status) {
        return status.strangers.empty();
      });
  return is_alone ? done : not_as_planned;
}

int run_isolate(const IsolateOptions &options) {
  if (geteuid() != 0)
    return report("isolating changes the host: it must be run by root (sudo)");
  const HeldSignals held;
  const Host host(options.root);
  if (options.status)
    return show_status(options, host);
  auto steps = chosen_steps(options.isolation);
  if (!steps)
    return report(steps.error().message);
  auto cpus = cpus_of(options, host);
  if (!cpus)
    return report(cpus.error().message);
  auto request = isolation_request(options.isolation, host, *cpus, *steps);
  if (!request)
    return report(request.error().message);
  request->command = "qemu-pin isolate " +
                     (options.plan.empty() ? options.isolation.cpus : "--plan " + options.plan);
  return options.dry_run ? rehearse_all(options, host, *request, *steps)
                         : isolate_all(options, host, *request, *steps);
}

} // namespace

void add_isolate(Program &program, int &status) {
  auto options = std::make_shared<IsolateOptions>();
  const Command command = program.add_subcommand("isolate", "Keep the rest of the host off CPUs");
  command.footer(
      steps_help() +
      "\nCPUS is a CPU list (2-7,10-15), or C and one, or N and NUMA nodes (N0). What is\n"
      "changed is kept in /run/qemu-pin/journal.json until qemu-pin restore.\n"
      "Exit status: 0 done; 1 --status found strangers, or nothing isolated; 2 trouble,\n"
      "and everything is as it was before.");
  command.add_option("cpus", options->isolation.cpus, "Host CPUs to isolate").type_name("CPUS");
  command.add_option("--plan", options->plan, "Those of the vCPUs in a plan (JSON)")
      .type_name("FILE");
  add_isolation_options(command, options->isolation, "Guest's group");
  command
      .add_option("--pid", options->isolation.request.guest,
                  "Put this process into the guest's group")
      .type_name("PID")
      .positive()
      .group("Guest's group");
  command.add_flag("--dry-run", options->dry_run, "Say what would be done, and each write")
      .group("Output");
  command
      .add_flag("--status", options->status, "Show isolated CPUs and other threads that ran there")
      .group("Output");
  command.add_option("--for", options->seconds, "Look for so long (--status); default: 2")
      .type_name("SECONDS")
      .positive()
      .group("Output");
  command.add_flag("--json", options->json, "As JSON").group("Output");
  command.add_flag("-v,--verbose", options->verbose, "Each write too").group("Output");
  command.add_option("--fsroot", options->root, "Host captured in a folder, which is changed")
      .type_name("DIR")
      .group("Output");
  command.callback([options, &status] { status = run_isolate(*options); });
}

} // namespace qemu_pin
