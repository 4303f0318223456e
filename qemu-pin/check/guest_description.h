/*
 * What an existing command line or file says of a guest's pins: not yet known to be
 * right, or even possible.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_GUEST_DESCRIPTION_H
#define QEMU_PIN_GUEST_DESCRIPTION_H

#include "base/cpu_set.h"
#include "base/text_file.h"
#include "pins/pin_plan.h"

#include <functional>
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

/* What a guest has, though it could not be read, or is not told: nothing follows from its absence
 * in GuestDescription. Errors and notes say why. */
struct Unread {
  bool topology = false;  /* the number of vCPUs; GuestDescription::topology is a guess */
  bool siblings = false;  /* which vCPUs the guest takes for siblings */
  CpuSet vcpus;           /* their pins */
  bool any_vcpu = false;  /* the pin of a vCPU, which may be any */
  bool emulator = false;  /* its pin */
  bool iothreads = false; /* pins or names of some */
  bool cpu_model = false; /* whether it has topoext */
  bool start_set = false; /* a launcher's CPUs */
};

/* More vCPUs than any machine of QEMU's has (pc-q35-9.0 and later: 4096) are refused. */
inline constexpr unsigned most_vcpus = 4096;

struct GuestDescription {
  Dialect dialect = Dialect::qemu;
  GuestTopology topology;          /* cpus counts those that may be plugged later, too */
  CpuSet absent;                   /* vCPUs that may be plugged later; they need no pin */
  std::vector<CpuSet> numa_nodes;  /* the vCPUs of each NUMA node that the guest sees */
  std::vector<GuestMemory> memory; /* empty: from any node */
  /* CPUs that threads without a pin may run on: a launcher's (taskset), or <vcpu cpuset>. No
   * value: nothing says. */
  std::optional<CpuSet> start_set;
  /* CPUs of the cpuset that it is started in; no thread can leave them. No value: nothing says. */
  std::optional<CpuSet> allowed;
  /* The host's NUMA nodes whose CPUs they are instead (numactl --cpunodebind), until
   * resolve_start_nodes() makes a start_set of it. */
  std::optional<CpuSet> start_nodes;
  std::map<unsigned, CpuSet> vcpus;   /* pins by vCPU; the unpinned are missing */
  std::optional<CpuSet> emulator;     /* no value: not pinned */
  std::vector<std::string> iothreads; /* that the machine has */
  std::map<std::string, CpuSet> iothread_pins;
  std::string cpu_model;           /* as given; empty: the default */
  bool topoext = false;            /* the guest's CPU has it, as far as can be told */
  std::vector<std::string> errors; /* options that cannot be read: what and why */
  /* Parts that could not be understood, or have no effect, but are no errors; one line each. */
  std::vector<std::string> notes;
  std::vector<std::string> accepted; /* kinds of Finding that are no faults: they were asked for */
  Unread unread;
};

/* Gives the text of a file that a command line names (-readconfig). */
using ReadFile = std::function<Result<std::string>(const std::string &path)>;

/* Never fails: what cannot be read becomes GuestDescription::errors. arguments: with or
 * without the program's name, and with launchers before it (taskset, numactl, a shell's -c);
 * or one argument that is a whole command line or script. Options that are not about pins are
 * passed over. */
GuestDescription read_qemu_arguments(
    const std::vector<std::string> &arguments,
    const ReadFile &read_file = [](const std::string &path) { return read_text_file(path); });

/* A <domain> of libvirt's, also inside <domstatus> and <domainsnapshot>, or elements of one
 * without it. Fails on text that is not XML, or not a domain, and says what it is instead. */
Result<GuestDescription> read_libvirt_domain(const std::string &xml);

/* A guest's configuration as Proxmox VE keeps it (/etc/pve/qemu-server/ID.conf). Never fails, as
 * read_qemu_arguments(). */
GuestDescription read_proxmox_config(const std::string &text);

GuestDescription described(const PinPlan &plan);

} // namespace qemu_pin

#endif
