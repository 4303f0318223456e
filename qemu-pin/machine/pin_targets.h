/*
 * Which of a machine's threads each asked pin is for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PIN_TARGETS_H
#define QEMU_PIN_PIN_TARGETS_H

#include "machine/machine.h"
#include "pins/asked_pins.h"

#include <string>
#include <vector>

namespace qemu_pin {

struct PinTarget {
  MachineThread thread;
  AskedPin asked;
  bool is_emulators = false; /* asked is the emulator's pin */
};

struct PinTargets {
  std::vector<MachineThread> threads; /* all of the machine's */
  std::vector<PinTarget> found;
  std::vector<unsigned> missing_vcpus;
  std::vector<std::string> missing_iothreads;
};

/*
 * The emulator's pin is for every thread but vCPUs, thread contexts, and iothreads that are
 * named. Fails when there is no thread (the machine has ended), when roles are not
 * known, and when vCPUs that share a thread are to have different pins.
 */
Result<PinTargets> find_targets(Machine &machine, const AskedPins &asked);

} // namespace qemu_pin

#endif
