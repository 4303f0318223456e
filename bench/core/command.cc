/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include "harness/temp_dir.h"
#include "host_facts.h"
#include "interruption.h"

#include <charconv>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <getopt.h>
#include <map>
#include <string_view>
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
  return write_whole(stem + ".json", json_text(report));
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

constexpr const char *help = R"(Usage: {0} [OPTION]...
Measures, prints the table, and writes {0}.json and .svg; bench/README.md says what is measured.

  --quick            shortened: shows that it works, measures nothing
  --repetitions=N    of each arm (10; 3 when quick)
  --results=FOLDER   folder to write to [{1}]
  --qemu=FILE        a patched qemu-system-x86_64 [{2}]
  --stock=FILE       the same QEMU without the overlay (bench/stock-qemu builds it)
  --qemu-pin=FILE    the command [{3}]
  --help             print this text and exit
)";

/* 0: text is not a number from 1 to 100000. */
unsigned repetitions_of(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && number <= 100000 ? number : 0;
}

Result<> read_options(int argc, char **argv, Setting &setting, std::string &results) {
  std::string repetitions;
  int quick = 0;
  const option options[] = {{"quick", no_argument, &quick, 1},
                            {"repetitions", required_argument, nullptr, 'n'},
                            {"results", required_argument, nullptr, 'r'},
                            {"qemu", required_argument, nullptr, 'q'},
                            {"stock", required_argument, nullptr, 's'},
                            {"qemu-pin", required_argument, nullptr, 'p'},
                            {}};
  const std::map<int, std::string *> files = {
      {'q', &setting.qemu}, {'s', &setting.stock_qemu}, {'p', &setting.qemu_pin}};
  for (int found = 0; (found = getopt_long(argc, argv, "", options, nullptr)) != -1;) {
    if (found == 'n')
      repetitions = optarg;
    else if (found == 'r')
      results = optarg;
    else if (const auto file = files.find(found); file == files.end() && found != 0)
      return Error{"the options cannot be read (try --help)"}; /* getopt said which */
    else if (file != files.end() && !std::filesystem::exists(*file->second = optarg))
      return Error{*file->second + ": no such file"};
  }
  if (optind < argc)
    return Error{fmt::format("'{}' is not an option (try --help)", argv[optind])};
  setting.quick = quick != 0;
  setting.repetitions = setting.quick ? 3 : 10;
  if (!repetitions.empty() && !(setting.repetitions = repetitions_of(repetitions)))
    return Error{fmt::format("--repetitions: '{}' is not a number from 1 to 100000", repetitions)};
  return {};
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
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) {
    fmt::print(help, name, results, setting.qemu, setting.qemu_pin);
    return 0;
  }
  if (auto read = read_options(argc, argv, setting, results); !read)
    return fail(name, read.error());
  remember_signals();
  auto report = measure(setting);
  if (!report)
    return fail(name, report.error());
  report->quick = setting.quick;
  for (const auto &[key, fact] : host_facts())
    report->facts[key] = fact;
  report->facts["qemu"] = version_of(setting.qemu);
  fmt::print("{}\n", as_text(*report));
  fflush(stdout);
  if (auto result = write_results(*report, results); !result)
    return fail(name, result.error());
  return 0;
}

} // namespace bench
