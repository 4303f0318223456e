/*
 * What an existing command line or file says of a guest's pins: not yet known to be
 * right, or even possible.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_GUEST_DESCRIPTION_H
#define QEMU_PIN_GUEST_DESCRIPTION_H

#include "base/cpu_set.h"
#include "pins/pin_plan.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace qemu_pin {

/* In whose words the guest is described; corrections are in the same. */
enum class Dialect { qemu, libvirt };

struct GuestDescription {
  Dialect dialect = Dialect::qemu;
  GuestTopology topology;             /* cpus counts those that may be plugged later, too */
  std::map<unsigned, CpuSet> vcpus;   /* pins by vCPU; the unpinned are missing */
  std::optional<CpuSet> emulator;     /* no value: not pinned */
  std::vector<std::string> iothreads; /* that the machine has */
  std::map<std::string, CpuSet> iothread_pins;
  std::string cpu_model;           /* as given; empty: the default */
  bool topoext = false;            /* the guest's CPU has it, as far as can be told */
  std::vector<std::string> errors; /* options that cannot be read: what and why */
};

/* Never fails: what cannot be read becomes GuestDescription::errors. arguments: with or
 * without the program's name; options that are not about pins are passed over. */
GuestDescription read_qemu_arguments(const std::vector<std::string> &arguments);

/* A <domain> of libvirt's. Fails on text that is not XML, or not a domain. */
Result<GuestDescription> read_libvirt_domain(const std::string &xml);

GuestDescription described(const PinPlan &plan);

} // namespace qemu_pin

#endif
