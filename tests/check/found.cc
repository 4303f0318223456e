/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "found.h"

#include "../plan/hosts.h"

#include <iterator>
#include <sstream>

using namespace qemu_pin;

Words words(const std::string &text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

Findings check(const Topology &topology, const std::string &arguments) {
  return find_faults(topology, read_qemu_arguments(words(arguments)));
}

Words lines_of(const Findings &findings) {
  Words lines;
  for (const Finding &finding : findings.list)
    lines.push_back(finding.kind + ": " + finding.message);
  for (const std::string &note : findings.notes)
    lines.push_back("note: " + note);
  lines.insert(lines.end(), findings.mend.begin(), findings.mend.end());
  return lines;
}

Words found(const std::string &arguments) {
  return found(arguments, synthetic(example_host));
}

Words found(const std::string &arguments, const Topology &topology) {
  return lines_of(check(topology, arguments));
}

GuestDescription pinned(const std::vector<unsigned> &cpus, unsigned threads) {
  GuestDescription guest;
  const auto vcpus = static_cast<unsigned>(cpus.size());
  guest.topology = {vcpus, 1, vcpus / threads, threads};
  guest.topoext = true;
  for (unsigned vcpu = 0; vcpu < vcpus; ++vcpu)
    guest.vcpus[vcpu] = {cpus[vcpu]};
  return guest;
}
