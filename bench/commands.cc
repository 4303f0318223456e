/*
 * The benchmarks of whole qemu-pin commands, gathered: planning, looking at all machines,
 * isolating and restoring. Each is a script of its own that takes turns with its peer and
 * judges nothing; what they measured is summed up here as every other benchmark's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "command.h"
#include "harness/temp_dir.h"
#include "timed_command.h"

#include <fmt/format.h>
#include <sstream>
#include <unistd.h>

using bench::Arm;
using bench::ArmRuns;
using bench::Benchmark;
using bench::Figures;
using bench::Report;
using bench::Setting;
using qemu_pin::Error;
using qemu_pin::Result;

namespace {

struct Script {
  std::string name;
  std::vector<std::string> options;
  std::string missing = {};
};

std::vector<Script> scripts(const Setting &setting) {
  const std::string runs = std::to_string(setting.repetitions);
  const std::string cycles = setting.quick ? "3" : "100";
  const std::string machines = setting.quick ? "5" : "100";
  return {
      {"plan-time", {"--runs", runs}},
      {"show-all", {"--machines", machines, "--refreshes", runs}},
      {"isolate-cycles", {"--cycles", cycles}, geteuid() == 0 ? "" : "isolating needs root"},
  };
}

/* Milliseconds, the median of as many runs, by hyperfine: from fork to wait, without a shell. */
Result<Figures> whole_command(const std::string &command, const std::string &runs) {
  auto folder = TempDir::make();
  if (!folder)
    return folder.error();
  auto done = bench::run_timed({"hyperfine", "--shell=none", "--warmup", "1", "--runs", runs,
                                "--export-json", folder->file("json"), command});
  if (!done)
    return done.error();
  const auto json = qemu_pin::parse_json(read_text(folder->file("json")));
  const auto median = nlohmann::json::json_pointer("/results/0/median");
  if (json.is_discarded() || !json.contains(median))
    return Error{"hyperfine wrote no median"};
  return Figures{{"whole", json.at(median).get<double>() * 1000}};
}

std::vector<Arm> whole_commands(const Setting &setting) {
  const std::string runs = setting.quick ? "2" : "10";
  const bool none = !bench::run_timed({"hyperfine", "--version"});
  const auto arm = [&](const std::string &name, const std::string &command, std::string missing) {
    if (none)
      missing = "hyperfine is missing (Debian's package hyperfine)";
    return Arm{name, "`" + command + "`", [=] { return whole_command(command, runs); }, missing};
  };
  const std::string &stock = setting.stock_qemu;
  return {arm("plan this host", setting.qemu_pin + " plan --vcpus 1 --quiet", ""),
          arm("lstopo this host", "lstopo-no-graphics --of console", ""),
          arm("QEMU patched", setting.qemu + " --version", ""),
          arm("QEMU stock", stock + " --version", stock.empty() ? "no --stock was given" : "")};
}

/* Lines of "ARM\tUNIT\tVALUE"; the n-th of an arm is its n-th repetition. */
Result<std::vector<std::string>> add_samples(const std::string &text, ArmRuns &runs) {
  std::vector<std::string> arms;
  std::istringstream lines(text);
  for (std::string arm, unit, value; std::getline(lines, arm, '\t') &&
                                     std::getline(lines, unit, '\t') &&
                                     std::getline(lines, value);) {
    auto &repetitions = runs.by_arm[arm];
    if (repetitions.empty())
      arms.push_back(arm);
    repetitions.push_back({{unit, std::stod(value)}});
  }
  if (arms.empty())
    return Error{"no samples"};
  return arms;
}

/* The first of two neighbours is ours, the second the peer. */
void compare(Benchmark &benchmark, const std::vector<std::string> &arms,
             std::optional<bench::Aim> aim) {
  for (std::size_t i = 0; i + 1 < arms.size(); i += 2)
    benchmark.comparisons.push_back({"ms", arms[i], arms[i + 1], aim});
}

Result<Report> measure(const Setting &setting) {
  Benchmark benchmark{
      "commands",
      "qemu-pin's commands",
      "`bench/plan-time`: planning a guest of half the CPUs, beside what `lstopo` needs to read "
      "and "
      "print the same host (wall time of the process). `bench/show-all`: CPU time of one refresh "
      "of "
      "`qemu-pin show --all --watch`, beside one `ps` of all threads. `bench/isolate-cycles`: "
      "isolating a CPU and giving it back (two processes, a journal that is fsynced), beside a C "
      "program that makes the same writes and nothing else. Whole commands: by `hyperfine`, a "
      "median of ten runs each repetition.",
      {"Bare writes keep no journal, look at nothing and can undo nothing."},
      {{"ms", "time", "ms"}, {"whole", "whole command, by hyperfine", "ms"}},
      whole_commands(setting),
      {{"whole", "plan this host", "lstopo this host"}, {"whole", "QEMU patched", "QEMU stock"}}};
  auto folder = TempDir::make();
  if (!folder)
    return folder.error();
  auto whole = bench::run_in_turn(benchmark, setting);
  if (!whole)
    return whole.error();
  ArmRuns runs = std::move(*whole);
  for (const Script &script : scripts(setting)) {
    if (!script.missing.empty()) {
      benchmark.arms.push_back({script.name, "", {}, script.missing});
      continue;
    }
    fmt::print(stderr, "commands: bench/{}\n", script.name);
    if (auto result = bench::wait_for_quiet(setting, runs); !result)
      return result.error();
    const std::string samples = folder->file(script.name);
    std::vector<std::string> argv = {std::string(SOURCE_ROOT) + "/bench/" + script.name,
                                     "--qemu-pin", setting.qemu_pin, "--samples", samples};
    argv.insert(argv.end(), script.options.begin(), script.options.end());
    if (auto done = bench::run_timed(argv); !done)
      return done.error();
    auto arms = add_samples(read_text(samples), runs);
    if (!arms)
      return Error{script.name + ": " + arms.error().message};
    for (const std::string &arm : *arms)
      benchmark.arms.push_back({arm, "", {}});
    compare(benchmark, *arms,
            script.name == "isolate-cycles"
                ? std::optional(bench::Aim{bench::Aim::Kind::at_most, 2})
                : std::nullopt);
  }
  Report report = bench::summarize(benchmark, runs);
  report.plots.push_back(bench::bars_of(report, 0, /*log=*/true));
  return report;
}

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "commands", measure);
}
