/*
 * The command line of vfio-isolate 0.5: a chain of commands, each with its own options and
 * arguments. All of it is read and checked before any of it is done.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_VFIO_COMMANDS_H
#define QEMU_PIN_VFIO_COMMANDS_H

#include "base/cpu_set.h"
#include "host/host.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace qemu_pin {

/* What is not given stays as it is. Flags are of cgroup v1 alone. */
struct CpusetOptions {
  std::optional<CpuSet> cpus, mems;
  std::optional<bool> cpu_exclusive, mem_exclusive, mem_migrate, sched_load_balance;
};

struct DropCaches {};
struct CompactMemory {};

/* A group is named from the root of the hierarchy that has cpusets: "/system.slice"; the
 * root itself is "/". */
struct CpusetCreate {
  std::string group;
  CpusetOptions options;
};
struct CpusetModify {
  std::string group;
  CpusetOptions options;
};
struct CpusetDelete {
  std::string group;
};
struct MoveTasks {
  std::string from, to;
};

struct IrqAffinity {
  bool adds; /* the CPUs to each interrupt's, or takes them from it */
  CpuSet cpus;
};
struct CpuGovernor {
  std::string governor;
  CpuSet cpus;
};
struct RestoreFile {
  std::string file;
};

using VfioCommand = std::variant<DropCaches, CompactMemory, CpusetCreate, CpusetModify,
                                 CpusetDelete, MoveTasks, IrqAffinity, CpuGovernor, RestoreFile>;

/* "cpuset-create" */
const char *command_name(const VfioCommand &command);

/* A flag of cgroup v1's cpusets. */
struct CpusetFlag {
  const char *on, *off;             /* "--cpu-exclusive", "--no-cpu-exclusive" */
  const char *short_on, *short_off; /* "-ce", "-nce" */
  std::optional<bool> CpusetOptions::*value;
  const char *file; /* "cpuset.cpu_exclusive" */
};
const std::vector<CpusetFlag> &cpuset_flags();

struct VfioCommandLine {
  bool asks_help = false; /* and then nothing else */
  bool verbose = false, debug = false;
  std::string undo_file; /* "": none */
  std::vector<VfioCommand> commands;
};

/* Fails with the command and the word that is wrong. */
Result<VfioCommandLine> read_vfio_commands(const Host &host,
                                           const std::vector<std::string> &arguments);

/* For --help. */
extern const char *const vfio_help;

} // namespace qemu_pin

#endif
