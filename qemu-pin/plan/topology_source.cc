/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/topology_source.h"

namespace qemu_pin {

std::string source_name(const TopologySource &source) {
  if (!source.file.empty())
    return source.file;
  if (!source.lscpu.empty())
    return source.lscpu == "-" ? "standard input" : source.lscpu;
  if (!source.root.empty())
    return source.root;
  if (!source.synthetic.empty())
    return "synthetic topology '" + source.synthetic + "'";
  return "this host";
}

bool is_this_host(const TopologySource &source) {
  return source.file.empty() && source.root.empty() && source.synthetic.empty() &&
         source.lscpu.empty();
}

} // namespace qemu_pin
