/*
 * What building a patched QEMU takes: the build script from nothing (downloads apart), again
 * with nothing changed, and the disk that it needs, for each version.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "command.h"
#include "harness/temp_dir.h"
#include "interruption.h"
#include "timed_command.h"

#include <filesystem>
#include <fmt/format.h>
#include <sstream>

using bench::ArmRuns;
using bench::Benchmark;
using bench::Figures;
using bench::Report;
using bench::run_timed;
using bench::Setting;
using qemu_pin::Error;
using qemu_pin::Result;

namespace {

/* The suites that may have a release; the first that has it is taken. */
struct Release {
  std::string number;
  std::vector<std::string> suites;
};

/* scripts/qemu-versions: lines `VERSION USE SUITE...`, and comments. */
std::vector<Release> known_releases() {
  std::vector<Release> releases;
  std::istringstream lines(read_text(SOURCE_ROOT "/scripts/qemu-versions"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    Release release;
    std::string use;
    if (line.starts_with('#') || !(words >> release.number >> use))
      continue;
    for (std::string suite; words >> suite;)
      release.suites.push_back(suite);
    releases.push_back(release);
  }
  return releases;
}

/* A copy of the tree's own files, with nothing built, and a download cache of its own. */
class EmptyTree {
public:
  static Result<EmptyTree> make() {
    auto folder = TempDir::make();
    if (!folder)
      return folder.error();
    std::filesystem::create_directory(folder->file("tree"));
    const std::string copy = "set -o pipefail; cd \"$1\" && git ls-files -z -co --exclude-standard "
                             "| cpio -pdm0 --quiet \"$2\"";
    auto copied = run_timed({"bash", "-c", copy, "bash", SOURCE_ROOT, folder->file("tree")});
    if (!copied)
      return Error{"the tree cannot be copied: " + copied.error().message};
    return EmptyTree(std::move(*folder));
  }

  Result<double> build(const std::vector<std::string> &options) const {
    std::vector<std::string> argv = {folder_.file("tree/build_pinning_qemu_binary.sh")};
    argv.insert(argv.end(), options.begin(), options.end());
    auto done = run_timed(argv, {"XDG_CACHE_HOME=" + folder_.file("cache"), "CCACHE_DISABLE=1"});
    if (!done)
      return done.error();
    return done->seconds;
  }

  /* MiB of disk that a folder's files take. */
  Result<double> disk(const std::string &name) const {
    auto done = run_timed({"du", "-sk", folder_.file(name)});
    if (!done)
      return done.error();
    return std::stod(done->output) / 1024;
  }

private:
  explicit EmptyTree(TempDir folder) : folder_(std::move(folder)) {}
  TempDir folder_;
};

/* The suite that has the release, and the seconds that fetching it from there took. */
Result<std::pair<std::string, double>> fetch(const EmptyTree &tree, const Release &release) {
  std::string why;
  for (const std::string &suite : release.suites) {
    auto time = tree.build({"--suite", suite, "--release", release.number, "--fetch-only"});
    if (time)
      return std::pair(suite, *time);
    why = time.error().message;
    if (bench::interrupted())
      break;
  }
  return Error{why};
}

Result<> measure_release(const Release &release, const Setting &setting, ArmRuns &runs) {
  auto tree = EmptyTree::make();
  if (!tree)
    return tree.error();
  fmt::print(stderr, "build: {}: fetching\n", release.number);
  auto fetched = fetch(*tree, release);
  if (!fetched)
    return fetched.error();
  std::vector<std::string> options = {"--suite", fetched->first, "--release", release.number};
  if (setting.quick)
    options.emplace_back("--configure-only");
  fmt::print(stderr, "build: {}: building from nothing\n", release.number);
  if (auto result = bench::wait_for_quiet(setting, runs); !result)
    return result.error();
  auto cold = tree->build(options);
  if (!cold)
    return cold.error();
  auto &figures = runs.by_arm["QEMU " + release.number];
  figures.push_back({{"fetch", fetched->second}, {"cold", *cold}});
  for (const char *part : {"tree", "cache"})
    if (auto size = tree->disk(part))
      figures[0]["disk"] += *size;
    else
      return size.error();
  for (unsigned i = 0; i < setting.repetitions; ++i) {
    auto warm = tree->build(options);
    if (!warm)
      return warm.error();
    figures.resize(std::max<std::size_t>(figures.size(), i + 1));
    figures[i]["warm"] = *warm;
  }
  return {};
}

Result<Report> measure(const Setting &setting) {
  Benchmark benchmark{
      "build",
      "Building",
      "`build_pinning_qemu_binary.sh` in a copy of the tree with nothing built, no download and no "
      "compiler's cache: fetching and unpacking the source; from there to the end of the proof "
      "(*cold*: overlay, configure, compile, install, prove; qemu-pin as well); again with nothing "
      "changed (*warm*). *disk* is all that it left: sources, objects, programs, downloads.",
      {"A cold build is measured once for each version: it has no interval.",
       "Fetching depends on the archive's mirror. Packages were installed already."},
      {{"fetch", "fetching", "s"},
       {"cold", "cold build", "s"},
       {"warm", "warm build", "s"},
       {"disk", "disk", "MiB"}},
      {},
      {}};
  ArmRuns runs;
  const std::vector<Release> releases = known_releases();
  if (releases.empty())
    return Error{"scripts/qemu-versions names no version"};
  for (const Release &release : releases) {
    const std::string name = "QEMU " + release.number;
    if (setting.quick && &release != &releases.front()) {
      benchmark.arms.push_back({name, "", {}, "--quick configures one version, and builds none"});
      continue;
    }
    const auto measured = measure_release(release, setting, runs);
    if (bench::interrupted())
      return measured.error();
    /* A suite that the archive does not have now is no reason to lose the others. */
    benchmark.arms.push_back({name, "", {}, measured ? std::string() : measured.error().message});
    if (!measured)
      runs.by_arm.erase(name);
  }
  if (runs.by_arm.empty())
    return Error{benchmark.arms.front().name + ": " + benchmark.arms.front().missing};
  Report report = bench::summarize(benchmark, runs);
  report.plots.push_back(bench::bars_of(report, 1, /*log=*/false));
  return report;
}

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "build", measure);
}
