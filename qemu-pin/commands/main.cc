/*
 * qemu-pin: arguments to one subcommand.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "commands/subcommand.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <fmt/core.h>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

namespace qemu_pin {

int report(const std::string &message) {
  fmt::print(stderr, "qemu-pin: {}\n", message);
  return trouble;
}

namespace {

/* Subcommands that take QEMU's arguments, and how their usage says so. */
const std::map<std::string, std::string> tails = {
    {"check", " -- ARGS..."}, {"run", " -- QEMU ARGS..."}, {"verify", " [-- ARGS...]"}};

/* Help without what CLI11 adds to each option: what excludes it, its values. */
class HelpFormatter : public CLI::Formatter {
public:
  HelpFormatter() { column_width(28); }

  std::string make_option_opts(const CLI::Option *option) const override {
    return option->get_type_size() ? " " + option->get_type_name() : "";
  }

  std::string make_usage(const CLI::App *app, std::string name) const override {
    std::string usage = Formatter::make_usage(app, name);
    const auto tail = tails.find(app->get_name());
    if (tail != tails.end())
      usage.insert(usage.find_last_not_of('\n') + 1, tail->second);
    return usage;
  }
};

/* Takes "--" and what follows it from the arguments: CLI11 takes a subcommand that has
 * read a PID to have ended there. vfio-isolate reads a language of its own. */
Tail take_tail(int &argc, char **argv) {
  char **const end = argv + argc;
  if (argc > 1 && argv[1] == std::string("vfio-isolate")) {
    argc = 2;
    return {argv + 2, end};
  }
  char **const dashes = std::find(argv, end, std::string("--"));
  if (dashes == end || !tails.contains(argv[1]))
    return {};
  argc = static_cast<int>(dashes - argv);
  return {dashes + 1, end};
}

using AddSubcommand = void (*)(CLI::App &program, int &status, const Tail &tail);

template <auto Add> void add_without_tail(CLI::App &program, int &status, const Tail & /*tail*/) {
  Add(program, status);
}

/* In the order of the help. */
constexpr std::array<std::pair<std::string_view, AddSubcommand>, 9> subcommands = {
    {{"plan", add_without_tail<add_plan>},
     {"check", add_check},
     {"show", add_without_tail<add_show>},
     {"verify", add_verify},
     {"set", add_without_tail<add_set>},
     {"run", add_run},
     {"isolate", add_without_tail<add_isolate>},
     {"restore", add_without_tail<add_restore>},
     {"vfio-isolate", add_vfio_isolate}}};

/* The one that is called; all where it is none of them. To make the options of all takes
 * longer than many of them run. */
void add_subcommands(CLI::App &program, std::string_view called, int &status, const Tail &tail) {
  const bool is_one = std::any_of(subcommands.begin(), subcommands.end(),
                                  [&](const auto &one) { return one.first == called; });
  for (const auto &[name, add] : subcommands)
    if (!is_one || name == called)
      add(program, status, tail);
}

int run(int argc, char **argv) {
  CLI::App program{"Plans, checks, shows, sets and isolates a virtual machine's host CPUs."};
  program.name("qemu-pin");
  program.formatter(std::make_shared<HelpFormatter>());
  program.set_help_flag("-h,--help", "Print this text and exit");
  program.set_version_flag("--version", "qemu-pin " QEMU_PIN_VERSION);
  program.require_subcommand(1);
  program.footer("See qemu-pin(1), or qemu-pin SUBCOMMAND --help.");
  int status = done;
  const Tail tail = take_tail(argc, argv);
  add_subcommands(program, argc > 1 ? argv[1] : "", status, tail);
  try {
    program.parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    fmt::print("{}", program.help());
  } catch (const CLI::CallForVersion &version) {
    fmt::print("{}\n", version.what());
  } catch (const CLI::Error &error) {
    return report(fmt::format("{} (try --help)", error.what()));
  }
  /* What a closed pipe or a full disk took of the output must not look done. */
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    return report("standard output could not be written");
  return status;
}

} // namespace

} // namespace qemu_pin

int main(int argc, char **argv) {
  try {
    return qemu_pin::run(argc, argv);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "qemu-pin: %s\n", error.what());
    return qemu_pin::trouble;
  }
}
