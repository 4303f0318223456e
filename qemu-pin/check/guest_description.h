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

/* Where the memory of a guest, or of one of its NUMA nodes, comes from. */
struct GuestMemory {
  CpuSet vcpus;        /* of that NUMA node; empty: all vCPUs of the guest */
  CpuSet host_nodes;   /* OS indices of the host's NUMA nodes; never empty */
  bool strict = false; /* no other node may give memory (policy=bind, mode='strict') */
};

struct GuestDescription {
  Dialect dialect = Dialect::qemu;
  GuestTopology topology;          /* cpus counts those that may be plugged later, too */
  CpuSet absent;                   /* vCPUs that may be plugged later; they need no pin */
  std::vector<CpuSet> numa_nodes;  /* the vCPUs of each NUMA node that the guest sees */
  std::vector<GuestMemory> memory; /* empty: from any node */
  /* CPUs that threads without a pin may run on: a launcher's (taskset), or <vcpu cpuset>. No
   * value: nothing says. */
  std::optional<CpuSet> start_set;
  std::map<unsigned, CpuSet> vcpus;   /* pins by vCPU; the unpinned are missing */
  std::optional<CpuSet> emulator;     /* no value: not pinned */
  std::vector<std::string> iothreads; /* that the machine has */
  std::map<std::string, CpuSet> iothread_pins;
  std::string cpu_model;           /* as given; empty: the default */
  bool topoext = false;            /* the guest's CPU has it, as far as can be told */
  std::vector<std::string> errors; /* options that cannot be read: what and why */
  /* What was not understood, or has no effect, though it is no error; one line each. */
  std::vector<std::string> notes;
};

/* Never fails: what cannot be read becomes GuestDescription::errors. arguments: with or
 * without the program's name; options that are not about pins are passed over. */
GuestDescription read_qemu_arguments(const std::vector<std::string> &arguments);

/* A <domain> of libvirt's. Fails on text that is not XML, or not a domain. */
Result<GuestDescription> read_libvirt_domain(const std::string &xml);

GuestDescription described(const PinPlan &plan);

} // namespace qemu_pin

#endif
