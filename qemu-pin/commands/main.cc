/*
 * qemu-pin: arguments to one subcommand.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "check/launchers.h"
#include "check/option_names.h"
#include "commands/subcommand.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <fmt/core.h>
#include <map>
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

/* Where QEMU's arguments begin without "--" before them: at a launcher, at QEMU, or at an option
 * of QEMU's. The value of an option of our own is none of them. */
char **qemu_arguments(char **begin, char **end) {
  for (char **argument = begin; argument < end; ++argument) {
    const std::string text = *argument;
    if (text.starts_with("--") && text.find('=') == std::string::npos && text != "--json") {
      ++argument;
      continue;
    }
    const bool is_option = text.size() > 2 && text[0] == '-' && takes_value(text.substr(1));
    const std::string word = text.substr(0, text.find_first_of(" \n"));
    if (is_option || is_qemu(word) || is_launcher(word))
      return argument;
  }
  return end;
}

/* Takes "--" and what follows it from the arguments: CLI11 takes a subcommand that has
 * read a PID to have ended there. vfio-isolate reads a language of its own. */
Tail take_tail(int &argc, char **argv) {
  char **const end = argv + argc;
  if (argc > 1 && argv[1] == std::string("vfio-isolate")) {
    argc = 2;
    return {argv + 2, end};
  }
  char **const dashes = std::find(argv, end, std::string("--"));
  if (dashes == end && argc > 2 && argv[1] == std::string("check")) {
    char **const qemu = qemu_arguments(argv + 2, end);
    argc = static_cast<int>(qemu - argv);
    return {qemu, end};
  }
  if (dashes == end || !tails.contains(argv[1]))
    return {};
  argc = static_cast<int>(dashes - argv);
  return {dashes + 1, end};
}

using AddSubcommand = void (*)(Program &program, int &status, const Tail &tail);

template <auto Add> void add_without_tail(Program &program, int &status, const Tail & /*tail*/) {
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
void add_subcommands(Program &program, std::string_view called, int &status, const Tail &tail) {
  const bool is_one = std::any_of(subcommands.begin(), subcommands.end(),
                                  [&](const auto &one) { return one.first == called; });
  for (const auto &[name, add] : subcommands)
    if (!is_one || name == called)
      add(program, status, tail);
}

int run(int argc, char **argv) {
  Program program("Plans, checks, shows, sets and isolates a virtual machine's host CPUs.", tails);
  int status = done;
  const Tail tail = take_tail(argc, argv);
  add_subcommands(program, argc > 1 ? argv[1] : "", status, tail);
  std::string message;
  if (!program.parse(argc, argv, message))
    return report(message + " (try --help)");
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
