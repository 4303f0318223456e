/*
 * The faults in a guest's pins on a host, as values, each with the part of the guest that is at
 * fault. Nothing here says how they are mended.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_JUDGEMENT_H
#define QEMU_PIN_JUDGEMENT_H

#include <string>
#include <vector>

namespace qemu_pin {

/* What of a guest has to change for a fault to go. */
enum class Part {
  unknown,   /* only the user can tell */
  vcpus,     /* where they are */
  topology,  /* which vCPUs the guest takes for siblings */
  emulator,  /* its pin */
  iothread,  /* the pin of one */
  cpu_model, /* its topoext */
};

struct Fault {
  Part part;
  std::string kind;     /* as Finding's */
  std::string message;  /* one line */
  std::string iothread; /* for Part::iothread: which */
};
using Faults = std::vector<Fault>;

struct Judgement {
  Faults faults; /* in the order of Finding::kind; one line for all of a kind and part */
  std::vector<std::string> notes; /* what is no fault, but worth a line */
  bool is_spread = false;         /* over L3s, evenly, as `plan --l3 spread` does it */
};

} // namespace qemu_pin

#endif
