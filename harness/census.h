/*
 * Every thread of a machine by its role, and what the kernel has given it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HARNESS_CENSUS_H
#define HARNESS_CENSUS_H

#include "harness/guest.h"

#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

/* What a thread was given. */
struct Given {
  std::string cpus;            /* Cpus_allowed_list */
  std::string sched = "other"; /* policy, and priority if it has one: "fifo 1" */

  bool operator==(const Given &) const = default;
};

/* What each role should have. An iothread that is not named is the emulator's. */
struct Asked {
  std::map<unsigned, Given> vcpus;
  Given emulator;
  std::map<std::string, Given> iothreads = {};
};

/*
 * One line for every thread of the process that has something else than asked,
 * and for every vCPU or iothread that is missing or one too many. Each thread of
 * /proc/PID/task is accounted for: what is neither a vCPU nor a named iothread is
 * the emulator's.
 */
std::vector<std::string> differences(pid_t qemu, qemu_pin::Qmp &monitor, const Asked &asked);
std::vector<std::string> differences(Guest &guest, const Asked &asked);

/* The same, looked for again until there is none or patience is at its end: for threads
 * that are moved when they are noticed. */
std::vector<std::string> lasting_differences(Guest &guest, const Asked &asked);

/* Names of the machine's threads, in the order of their creation. */
std::vector<std::string> thread_names(pid_t qemu);

#endif
