/*
 * Launchers: the programs before QEMU on a command line, such as taskset, numactl, sudo and
 * systemd-run, and the CPUs and memory that they start QEMU with.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_LAUNCHERS_H
#define QEMU_PIN_LAUNCHERS_H

#include "base/cpu_set.h"

#include <optional>
#include <string>
#include <vector>

namespace qemu_pin {

struct Launch {
  std::vector<std::string> qemu;   /* QEMU's arguments, with or without its name */
  bool names_qemu = false;         /* the first is the name of a QEMU */
  std::optional<CpuSet> cpus;      /* of a mask or a cpuset; no value: nothing says */
  std::optional<CpuSet> allowed;   /* by a cpuset (AllowedCPUs): no thread can leave them */
  std::optional<CpuSet> nodes;     /* the host's NUMA nodes whose CPUs it gets */
  bool cpus_unknown = false;       /* a launcher may set them; notes or errors say which */
  CpuSet memory_nodes;             /* empty: memory from any node */
  bool memory_strict = false;      /* from no other */
  std::vector<std::string> errors; /* what a launcher refuses */
  std::vector<std::string> notes;  /* what is not known of a launcher's CPUs */
};

/* Takes launchers away, one after the other, as each would do to start the next. Never fails. */
Launch read_launchers(const std::vector<std::string> &arguments);

/* qemu-system-x86_64, qemu-kvm, kvm, with or without a path. */
bool is_qemu(const std::string &program);

/* One that read_launchers() knows, with or without a path. */
bool is_launcher(const std::string &program);

} // namespace qemu_pin

#endif
