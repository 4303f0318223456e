/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_facts.h"

#include "timed_command.h"

#include <cmath>
#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fstream>
#include <sys/utsname.h>
#include <unistd.h>

namespace bench {

namespace {

/* What follows "KEY :" or "KEY=" in the first line of a file that begins so. */
std::string value_in(const char *path, const std::string &key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key))
      continue;
    const auto start = line.find_first_not_of(" \t:=\"", key.size());
    if (start == std::string::npos)
      continue;
    const auto last = line.find_last_not_of(" \t\"");
    return line.substr(start, last - start + 1);
  }
  return "unknown";
}

/* Its standard output; empty if it failed. */
std::string output_of(const std::vector<std::string> &argv) {
  auto done = run_timed(argv);
  return done ? done->output : "";
}

std::string first_line(const std::string &text) {
  return text.substr(0, text.find('\n'));
}

std::string commit() {
  const std::string name =
      first_line(output_of({"git", "-C", SOURCE_ROOT, "rev-parse", "--short=12", "HEAD"}));
  if (name.empty())
    return "unknown";
  /* What benchmarks write themselves changes nothing that is measured. */
  const bool changed = !output_of({"git", "-C", SOURCE_ROOT, "status", "--porcelain", "--", ".",
                                   ":!bench/results", ":!docs"})
                            .empty();
  return name + (changed ? "+" : "");
}

} // namespace

Facts host_facts() {
  utsname kernel{};
  uname(&kernel);
  const double bytes =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  const bool guest = value_in("/proc/cpuinfo", "flags").find(" hypervisor") != std::string::npos;
  return {{"cpu", value_in("/proc/cpuinfo", "model name")},
          {"cpus", sysconf(_SC_NPROCESSORS_ONLN)},
          {"memory_gib", std::round(bytes / (1 << 30) * 10) / 10},
          {"kernel", std::string(kernel.sysname) + " " + kernel.release},
          {"hypervisor", guest ? "yes" : "none"},
          {"system", value_in("/etc/os-release", "PRETTY_NAME")},
          {"date", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))},
          {"commit", commit()}};
}

std::string version_of(const std::string &program) {
  const std::string line = first_line(output_of({program, "--version"}));
  return line.empty() ? "missing" : line;
}

} // namespace bench
