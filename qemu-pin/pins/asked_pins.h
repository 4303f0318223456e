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

#include <climits>
#include <map>
#include <memory>
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
};

/* Collects pins in a table of libvcpupin's, which alone judges numbers, names, CPU lists,
 * scheduling, and what is pinned twice. */
class PinRequests {
public:
  /* Of a machine that can have so many vCPUs. What CPUs a host has does not matter. */
  explicit PinRequests(unsigned most_vcpus = UINT_MAX) : PinRequests(nullptr, most_vcpus) {}

  /* Only of CPUs that this process may use. Fails when the host cannot be read. */
  static Result<PinRequests> on_this_host(unsigned most_vcpus);

  /* Fails with the table's message, led by said; then nothing is added. */
  Result<> add(const PinOption &option, const std::string &said);
  Result<> add(const PinOption &option) { return add(option, option.text()); }

  const AskedPins &pins() const { return pins_; }

private:
  struct Free {
    void operator()(vcpupin_table *table) const { vcpupin_table_free(table); }
  };

  PinRequests(const vcpupin_host *host, unsigned most_vcpus);

  std::unique_ptr<vcpupin_table, Free> table_;
  AskedPins pins_; /* what the table holds, to be walked */
};

/* Fails as PinRequests::add() does. */
Result<AskedPins> asked_by(const std::vector<PinOption> &options);

/* The options that ask for what a plan says. */
std::vector<PinOption> options_of(const PinPlan &plan);

AskedPins asked_by(const PinPlan &plan);

} // namespace qemu_pin

#endif
