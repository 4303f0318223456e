/*
 * Which pins were asked for a machine's threads, by role: by options, or by a plan.
 * Nothing is said of whether the machine has such threads, or the host such CPUs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_ASKED_PINS_H
#define QEMU_PIN_ASKED_PINS_H

#include "kernel/thread_pin.h"
#include "pins/pin_options.h"
#include "pins/pin_plan.h"

#include <map>
#include <optional>
#include <string>

namespace qemu_pin {

struct AskedPin {
  CpuSet cpus;                /* empty: not asked */
  std::optional<Sched> sched; /* no value: not asked */
};

struct AskedPins {
  std::map<unsigned, AskedPin> vcpus;
  std::map<std::string, AskedPin> iothreads;
  std::optional<AskedPin> emulator; /* of all threads that are neither */

  bool empty() const { return vcpus.empty() && iothreads.empty() && !emulator; }

  /* Fails on a value that is missing or cannot be read, and on a thread that has its
   * pin already; then nothing is added. */
  Result<> add(const PinOption &option);
};

/* Fails as add() does. */
Result<AskedPins> asked_by(const std::vector<PinOption> &options);

AskedPins asked_by(const PinPlan &plan);

} // namespace qemu_pin

#endif
