/*
 * What is wrong with a guest's pins on a host, and with which part of it: faults as
 * values. Nothing here says how they are mended.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_FAULTS_H
#define QEMU_PIN_FAULTS_H

#include "check/guest_description.h"
#include "plan/topology.h"

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

/* Options that cannot be read, and pins of threads that the machine does not have. */
Faults option_faults(const GuestDescription &guest);

/* Faults in where the vCPUs are; all are of Part::vcpus. */
Faults vcpu_faults(const Topology &topology, const GuestDescription &guest);

/* Faults in what goes with the vCPUs: the guest's topology, the emulator's and iothreads'
 * pins, the CPU model. mended: the same guest with all as it should be. Its vCPUs are where
 * they will be; without an emulator's pin no core is free for the emulator. vcpus_move: mended
 * has other pins for the vCPUs than the guest, or at least need not have the same. */
Faults companion_faults(const Topology &topology, const GuestDescription &guest,
                        const GuestDescription &mended, bool vcpus_move);

} // namespace qemu_pin

#endif
