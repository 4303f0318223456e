/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include "harness/temp_dir.h"
#include "host_facts.h"
#include "interruption.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <unistd.h>

using qemu_pin::Error;
using qemu_pin::Result;

namespace bench {

namespace {

/* One line that is written over where somebody looks, a line each where not. */
class Progress {
public:
  explicit Progress(std::string name) : name_(std::move(name)) {}
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;
  ~Progress() {
    if (terminal_ && shown_)
      fputs("\r\033[K", stderr);
  }
  void show(const std::string &line) {
    const std::string text = name_ + ": " + line;
    if (terminal_)
      fmt::print(stderr, "\r{:.78}\033[K", text);
    else
      fmt::print(stderr, "{}\n", text);
    shown_ = true;
  }

private:
  std::string name_;
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  bool shown_ = false;
};

/* Beside its place first: a reader never sees half a file. */
Result<> write_whole(const std::string &path, const std::string &text) {
  const std::string beside = path + ".new";
  write_text(beside, text);
  std::error_code trouble;
  if (std::filesystem::file_size(beside, trouble) == text.size() && !trouble)
    std::filesystem::rename(beside, path, trouble);
  if (trouble)
    return Error{path + ": cannot be written: " + trouble.message()};
  return {};
}

Result<> write_results(const Report &report, const std::string &folder) {
  std::error_code trouble;
  std::filesystem::create_directories(folder, trouble);
  if (trouble)
    return Error{folder + ": " + trouble.message()};
  const std::string stem = folder + "/" + report.name;
  for (std::size_t i = 0; i < report.plots.size(); ++i)
    if (auto result = write_svg(report.plots[i],
                                stem + (i ? "-" + std::to_string(i + 1) : std::string()) + ".svg");
        !result)
      return result.error();
  return write_whole(stem + ".json", as_json(report).dump(1) + "\n");
}

QuietGate gate_of(const Setting &setting) {
  QuietGate gate;
  if (setting.quick)
    gate.patience = std::chrono::milliseconds(0);
  return gate;
}

int fail(const std::string &name, const Error &error) {
  fmt::print(stderr, "{}: {}\n", name, error.message);
  const int signal = interrupted();
  return signal ? 128 + signal : 2;
}

} // namespace

Result<ArmRuns> run_in_turn(const Benchmark &benchmark, const Setting &setting) {
  const ArmsPlan plan{setting.repetitions, gate_of(setting), setting.quick};
  Progress progress(benchmark.name);
  return run_arms(benchmark.arms, plan, [&](const std::string &line) { progress.show(line); });
}

Result<Report> measure_arms(const Benchmark &benchmark, const Setting &setting) {
  auto runs = run_in_turn(benchmark, setting);
  if (!runs)
    return runs.error();
  return summarize(benchmark, *runs);
}

Result<> wait_for_quiet(const Setting &setting, ArmRuns &runs) {
  auto gate = wait_until_quiet(gate_of(setting));
  if (!gate)
    return gate.error();
  runs.busy += !gate->quiet;
  runs.busy_looks += gate->busy_looks;
  return {};
}

int run(int argc, char **argv, const std::string &name,
        const std::function<Result<Report>(const Setting &)> &measure) {
  const std::string root = SOURCE_ROOT;
  Setting setting;
  std::string results = root + "/bench/results";
  setting.qemu = root + "/bin/qemu-system-x86_64";
  setting.qemu_pin = QEMU_PIN;
  setting.guests = GUESTS;
  CLI::App app{"Measures, prints the table, and writes " + name +
                   ".json and .svg; bench/README.md says what is measured.",
               name};
  app.add_flag("--quick", setting.quick, "shortened: shows that it works, measures nothing");
  auto *repetitions =
      app.add_option("--repetitions", setting.repetitions, "of each arm (10; 3 when quick)")
          ->check(CLI::Range(1, 100000));
  app.add_option("--results", results, "folder to write to")->capture_default_str();
  app.add_option("--qemu", setting.qemu, "a patched qemu-system-x86_64")
      ->capture_default_str()
      ->check(CLI::ExistingFile);
  app.add_option("--stock", setting.stock_qemu,
                 "the same QEMU without the overlay (bench/stock-qemu builds it)")
      ->check(CLI::ExistingFile);
  app.add_option("--qemu-pin", setting.qemu_pin, "the command")
      ->capture_default_str()
      ->check(CLI::ExistingFile);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (setting.quick && repetitions->empty())
    setting.repetitions = 3;
  remember_signals();
  auto report = measure(setting);
  if (!report)
    return fail(name, report.error());
  report->quick = setting.quick;
  report->facts.update(host_facts());
  report->facts["qemu"] = version_of(setting.qemu);
  fmt::print("{}\n", as_text(*report));
  fflush(stdout);
  if (auto result = write_results(*report, results); !result)
    return fail(name, result.error());
  return 0;
}

} // namespace bench
