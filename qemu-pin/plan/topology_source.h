/*
 * Which host planning is about.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_TOPOLOGY_SOURCE_H
#define QEMU_PIN_TOPOLOGY_SOURCE_H

#include <string>

namespace qemu_pin {

/* Which host, and what of it. At most one of file, root, synthetic and lscpu is
 * given; without any it is this host. */
struct TopologySource {
  std::string file;       /* XML, as lstopo writes it */
  std::string root;       /* folder with a captured /proc and /sys (hwloc's fsroot) */
  std::string synthetic;  /* hwloc's description: "pack:2 core:8 pu:2" */
  std::string device;     /* PCI address whose place is wanted: "0000:03:00.0", "03:00.0" */
  std::string lscpu = {}; /* file with the table of lscpu -e or lscpu -p; "-": standard input */
};

/* What a message calls the host: its file or folder, "this host", ... */
std::string source_name(const TopologySource &source);

/* Neither a file, nor a table, nor a captured folder, nor a description. */
bool is_this_host(const TopologySource &source);

} // namespace qemu_pin

#endif
