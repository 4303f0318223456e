/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/topology_options.h"

namespace qemu_pin {

void add_topology_options(const Command &subcommand, TopologySource &source) {
  const std::string group = "Host (default: this one)";
  subcommand.add_option("--topology", source.file, "Host in a file of lstopo's")
      .type_name("FILE.xml")
      .not_empty()
      .group(group);
  subcommand.add_option("--fsroot", source.root, "Host captured in a folder")
      .type_name("DIR")
      .not_empty()
      .group(group)
      .excludes("--topology");
  subcommand.add_option("--synthetic", source.synthetic, "Host described, as hwloc does")
      .type_name("TEXT")
      .not_empty()
      .group(group)
      .excludes("--topology")
      .excludes("--fsroot");
  subcommand.add_option("--lscpu", source.lscpu, "Host in the table of lscpu -e or lscpu -p")
      .type_name("FILE")
      .not_empty()
      .group(group)
      .excludes("--topology")
      .excludes("--fsroot")
      .excludes("--synthetic");
}

} // namespace qemu_pin
