/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checked_guest.h"

#include "check/findings.h"

#include <cstdio>
#include <cstdlib>

using namespace qemu_pin;

void require(bool property, const char *name) {
  if (property)
    return;
  std::fprintf(stderr, "property violated: %s\n", name);
  std::abort();
}

void require_line(const std::string &message) {
  require(!message.empty(), "a failure has a message");
  require(message.find('\n') == std::string::npos, "a message is one line");
}

void check_guest(const GuestDescription &guest) {
  static const auto host = read_topology(
      {.file = "", .root = "", .synthetic = "pack:1 [numa] l3:2 core:4 pu:2", .device = ""});
  require(host.has_value(), "the host can be read");
  const Findings found = find_faults(*host, guest);
  for (const Finding &finding : found.list)
    require_line(finding.message);
  for (const std::string &line : found.mend)
    require_line(line);
}
