/*
 * Writes docs/performance.md from what the benchmarks wrote to their folder: all that it
 * says of a figure comes from there. Prints what was hoped for, and what was seen.
 *
 *     page RESULTS OUTPUT
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "harness/temp_dir.h"
#include "report.h"
#include "text_table.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fmt/format.h>
#include <iterator>
#include <set>

using bench::Report;
using qemu_pin::Error;
using qemu_pin::Result;

namespace {

constexpr const char *introduction =
    R"(<!-- Written by bench/run from bench/results/*.json. Do not edit: run bench/run. -->
# Performance

**Pinning alone does not make a busy host's guest faster.** It keeps a guest's threads on the CPUs
you chose, from their first instruction; it does not keep the rest of the host off those CPUs. While
something else runs there, a pinned guest waits as long as one that is not pinned, or longer, for its
threads cannot flee to a CPU that is idle. The gain is in pinning *and* isolating (`qemu-pin isolate`,
`qemu-pin run --isolate`): arms A to D of the first benchmark.

`bench/run` measured all of this on the machine below; what a table compares took turns in one run.
Figures from elsewhere are not shown. [bench/README.md](../bench/README.md) says what each figure is,
and how to measure your own machine.
)";

/* The order of the page; what else is found follows by name. */
const std::vector<std::string> order = {"tail-latency", "pin-window", "start-up",
                                        "pin-cost",     "pin-calls",  "tcg-throughput",
                                        "iothread",     "commands",   "build"};

std::size_t place(const std::string &name) {
  return static_cast<std::size_t>(
      std::distance(order.begin(), std::find(order.begin(), order.end(), name)));
}

Result<std::vector<Report>> read_reports(const std::string &folder) {
  std::vector<Report> reports;
  std::error_code trouble;
  for (const auto &entry : std::filesystem::directory_iterator(folder, trouble)) {
    if (entry.path().extension() != ".json")
      continue;
    auto report = bench::from_json(qemu_pin::parse_json(read_text(entry.path())));
    if (!report)
      return Error{entry.path().string() + ": " + report.error().message};
    reports.push_back(std::move(*report));
  }
  if (trouble)
    return Error{folder + ": " + trouble.message()};
  if (reports.empty())
    return Error{folder + ": holds no results; bench/run writes them"};
  std::sort(reports.begin(), reports.end(), [](const Report &a, const Report &b) {
    return std::pair(place(a.name), a.name) < std::pair(place(b.name), b.name);
  });
  return reports;
}

/* What all reports say alike is said once; dates and what differs, for each. */
std::string machine(const std::vector<Report> &reports) {
  const std::vector<std::pair<std::string, std::string>> facts = {
      {"cpu", "CPU"},       {"cpus", "CPUs online"}, {"memory_gib", "Memory, GiB"},
      {"kernel", "Kernel"}, {"system", "System"},    {"hypervisor", "Under a hypervisor"},
      {"qemu", "QEMU"},     {"commit", "Commit"},    {"date", "Date"}};
  std::string text = "\n## The machine\n\n| | |\n| --- | --- |\n";
  for (const auto &[key, title] : facts) {
    std::set<std::string> values;
    for (const Report &report : reports)
      if (const auto found = report.facts.find(key); found != report.facts.end())
        values.insert(
            std::visit([](const auto &fact) { return fmt::format("{}", fact); }, found->second));
    if (values.empty())
      continue;
    if (key == "date" && values.size() > 1)
      values = {*values.begin() + " to " + *values.rbegin()};
    text += fmt::format("| {} | {} |\n", title, fmt::join(values, ", "));
  }
  return text;
}

std::string interval(double low, double high) {
  return bench::number_text(low) + " to " + bench::number_text(high);
}

/* The aims of all benchmarks, what was met and what was not. */
std::string aims(const std::vector<Report> &reports) {
  std::string text;
  for (const Report &report : reports)
    for (const auto &line : bench::aim_lines(report))
      text += fmt::format("| {} | {} |\n", report.title, fmt::join(line, " | "));
  if (text.empty())
    return "";
  return "\n## What was hoped for\n\n| Benchmark | Median, or ratio of medians | Seen | Aim |\n"
         "| --- | --- | --- | --- |\n" +
         text;
}

/* The same for the terminal. */
std::string aims_table(const std::vector<Report> &reports) {
  std::vector<std::vector<std::string>> lines = {{"median, or ratio of medians", "seen", "aim"}};
  for (const Report &report : reports)
    for (auto &line : bench::aim_lines(report)) {
      line[0].insert(0, report.name + ": ");
      lines.push_back(line);
    }
  return lines.size() == 1 ? "" : "What was hoped for\n\n" + bench::text_table(lines);
}

std::string rows(const Report &report) {
  std::string text = "\n| Figure | Arm | Median | 95% interval | CV, % | n |\n"
                     "| --- | --- | --- | --- | --- | --- |\n";
  std::string former;
  for (const auto &row : report.rows) {
    const std::string title = row.heading();
    text += fmt::format("| {} | {} | {} | {} | {} | {} |\n", title == former ? "" : title, row.arm,
                        bench::number_text(row.median), interval(row.low, row.high),
                        bench::number_text(100 * row.cv), row.n);
    former = title;
  }
  return text;
}

std::string ratios(const Report &report) {
  if (report.ratios.empty())
    return "";
  std::string text =
      "\n| Ratio of medians | Ratio | 95% interval | Aim |\n| --- | --- | --- | --- |\n";
  for (const auto &row : report.ratios)
    text += fmt::format("| {} / {}: {} | {} | {} | {} |\n", row.of, row.to, row.metric,
                        bench::number_text(row.ratio), interval(row.low, row.high),
                        bench::aim_text(row.aim, row.ratio));
  return text;
}

std::string section(const Report &report, const std::string &pictures) {
  std::string text = "\n## " + report.title + "\n\n" + report.about + "\n\n";
  for (const std::string &arm : report.arms)
    text += "- " + arm + "\n";
  text += ratios(report) + rows(report) + "\n";
  for (std::size_t i = 0; i < report.plots.size(); ++i)
    text += fmt::format("![{}]({}/{}{}.svg)\n", report.title, pictures, report.name,
                        i ? "-" + std::to_string(i + 1) : "");
  if (report.quick)
    text += "\nMeasured with `--quick`: this shows that it works, and nothing else.\n";
  if (report.lost)
    text +=
        fmt::format("\n{} repetitions were lost to a machine that was not quiet.\n", report.lost);
  if (report.busy)
    text += fmt::format("\n{} repetitions ran on a machine that was not quiet.\n", report.busy);
  for (const auto &skipped : report.skipped)
    text += "\nNot measured: " + skipped.arm + ": " + skipped.why + "\n";
  if (!report.limits.empty())
    text += "\nLimits:\n\n";
  for (const std::string &limit : report.limits)
    text += "- " + limit + "\n";
  return text;
}

int write_page(const std::string &folder, const std::string &output) {
  auto reports = read_reports(folder);
  if (!reports) {
    fmt::print(stderr, "page: {}\n", reports.error().message);
    return 2;
  }
  const auto base = std::filesystem::absolute(output).parent_path();
  const std::string pictures =
      std::filesystem::absolute(folder).lexically_normal().lexically_relative(
          base.lexically_normal());
  std::string text = introduction + machine(*reports) + aims(*reports);
  for (const Report &report : *reports)
    text += section(report, pictures);
  write_text(output, text);
  if (read_text(output) != text) {
    fmt::print(stderr, "page: {}: cannot be written\n", output);
    return 2;
  }
  fmt::print("{}", aims_table(*reports));
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  try {
    if (argc == 3)
      return write_page(argv[1], argv[2]);
    std::fputs("Usage: page RESULTS OUTPUT\n", stderr);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "page: %s\n", error.what());
  }
  return 2;
}
