/*
 * One thing that a host has, does, or lacks, as `qemu-pin host` tells it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_HOST_FACT_H
#define QEMU_PIN_HOST_FACT_H

#include <string>
#include <utility>
#include <vector>

namespace qemu_pin {

enum class Mark {
  ok,
  note,    /* pins hold, but are worth less, or something of ours cannot be used */
  problem, /* the kernel refuses pins, or something moves pinned threads */
  unknown, /* the host does not tell, or may not be asked */
};

struct HostFact {
  std::string name; /* "c-states" */
  Mark mark;
  std::string value;  /* what is found */
  std::string advice; /* what to do; empty: nothing */
};

using HostFacts = std::vector<HostFact>;

inline HostFact unknown_fact(std::string name) {
  return {std::move(name), Mark::unknown, "not known", ""};
}

} // namespace qemu_pin

#endif
