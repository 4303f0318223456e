/*
 * qemu-pin: arguments to one subcommand.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "subcommand.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fmt/core.h>
#include <memory>

namespace qemu_pin {

int report(const std::string &message) {
  fmt::print(stderr, "qemu-pin: {}\n", message);
  return trouble;
}

namespace {

/* Help without what CLI11 adds to each option: what excludes it, its values. */
class HelpFormatter : public CLI::Formatter {
public:
  HelpFormatter() { column_width(28); }

  std::string make_option_opts(const CLI::Option *option) const override {
    return option->get_type_size() ? " " + option->get_type_name() : "";
  }
};

int run(int argc, char **argv) {
  CLI::App program{"Plans and checks on which host CPUs the threads of a virtual machine run."};
  program.name("qemu-pin");
  program.formatter(std::make_shared<HelpFormatter>());
  program.set_help_flag("-h,--help", "Print this text and exit");
  program.set_version_flag("--version", "qemu-pin " QEMU_PIN_VERSION);
  program.require_subcommand(1);
  program.footer("See qemu-pin(1), or qemu-pin SUBCOMMAND --help.");
  int status = done;
  add_plan(program, status);
  add_check(program, status);
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
