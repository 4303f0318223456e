/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/topology_options.h"

#include <CLI/CLI.hpp>

namespace qemu_pin {

void add_topology_options(CLI::App &subcommand, TopologySource &source) {
  const std::string group = "Host (default: this one)";
  CLI::Option *file =
      subcommand.add_option("--topology", source.file, "Host in a file of lstopo's");
  CLI::Option *root = subcommand.add_option("--fsroot", source.root, "Host captured in a folder");
  CLI::Option *synthetic =
      subcommand.add_option("--synthetic", source.synthetic, "Host described, as hwloc does");
  file->type_name("FILE.xml")->group(group);
  root->type_name("DIR")->group(group)->excludes(file);
  synthetic->type_name("TEXT")->group(group)->excludes(file)->excludes(root);
}

} // namespace qemu_pin
