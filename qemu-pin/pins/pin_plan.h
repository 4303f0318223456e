/*
 * A plan: which host CPUs each thread of a machine gets, by role, and the guest
 * topology that goes with it. As JSON it can be kept and read again.
 *
 * The JSON, version 1 (docs/plan.schema.json):
 *     {"qemu-pin-plan": 1,
 *      "smp": {"cpus": 2, "sockets": 1, "cores": 1, "threads": 2},
 *      "vcpus": ["1", "9"],                         CPU list of each vCPU
 *      "emulator": "0,8",                           absent: not pinned
 *      "iothreads": [{"id": "io0", "affinity": "8"}],  affinity absent: not pinned
 *      "disks": ["io0"],                            which iothread serves disk 0, 1, ...
 *      "topoext": true,                             the guest's CPU model needs it
 *      "accepted": ["l3-crossed"]}                  what `check` does not report, for it was
 *                                                   asked for; absent: nothing
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PIN_PLAN_H
#define QEMU_PIN_PIN_PLAN_H

#include "base/result.h"

#include <string>
#include <vector>

namespace qemu_pin {

/* QEMU's -smp: cpus = sockets * cores * threads. */
struct GuestTopology {
  unsigned cpus = 0;
  unsigned sockets = 1;
  unsigned cores = 0; /* of a socket */
  unsigned threads = 1;

  bool operator==(const GuestTopology &) const = default;
};

struct IothreadPin {
  std::string id;
  std::string affinity; /* CPU list; empty: not pinned */
};

struct PinPlan {
  GuestTopology topology;
  std::vector<std::string> vcpus; /* CPU list of each */
  std::string emulator;           /* CPU list; empty: not pinned */
  std::vector<IothreadPin> iothreads;
  std::vector<std::string> disks;    /* the iothread of each */
  bool topoext = false;              /* AMD: without it the guest sees no siblings */
  std::vector<std::string> accepted; /* kinds of findings of `check` that were asked for */
};

/* Indented, with a newline at its end. */
std::string to_json(const PinPlan &plan);

/* Fails on text that is not a plan of this version, naming the piece. */
Result<PinPlan> plan_from_json(const std::string &text);

/* The same of a file, which the message names; "-" is standard input. */
Result<PinPlan> read_plan(const std::string &path);

} // namespace qemu_pin

#endif
