/*
 * A running machine: a QEMU, and what each of its threads is for.
 *
 * Roles come from QEMU's monitor where we were given one, else from the names that QEMU
 * gives its threads with -name debug-threads=on (and libvirt always), else from a monitor
 * on its command line, else they are unknown, but for the main thread and the kernel's
 * helpers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_MACHINE_H
#define QEMU_PIN_MACHINE_H

#include "machine/qemu_process.h"
#include "machine/qmp.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace qemu_pin {

enum class Role {
  vcpu,
  iothread,
  emulator, /* the main loop, and whatever else QEMU has, as far as is known */
  worker,   /* of QEMU's pool, or io_uring's */
  context,  /* of the patched QEMU: new threads are created from it, with its pin */
  kvm,      /* the kernel's, for KVM */
  vhost,    /* the kernel's, for a device */
  unknown
};

/* "vcpu", "iothread", and so on; "unknown". */
const char *role_name(Role role);

struct MachineThread : ThreadId {
  std::string name; /* as the kernel has it: at most 15 bytes, of any kind */
  Role role;
  std::vector<unsigned> vcpus; /* of Role::vcpu, ascending: several may share a thread; empty:
                                  all of the machine's, however many */
  std::string iothread;        /* of Role::iothread: its ID */
  unsigned processor = 0;      /* the host CPU it ran on last */
  std::optional<ThreadUsage> usage = {}; /* nothing where the kernel keeps no schedstat */

  /* "vcpu 3", "vcpus 0-3", "iothread io0", "emulator", "?"; printable ASCII. */
  std::string role_text() const;
};

class Machine {
public:
  /* monitor: ours as long as the machine is looked at. One on its command line may be another
   * client's, and serves one at a time: it is taken for one question, and let go. */
  Machine(QemuProcess process, std::optional<Qmp> monitor);

  const QemuProcess &process() const { return process_; }
  Qmp *monitor() { return monitor_ ? &*monitor_ : nullptr; }
  void let_go_of_monitor() { monitor_.reset(); }

  /*
   * Every thread it has now: vCPUs, iothreads, then the others in the order of their
   * creation. Empty when the machine has ended. A monitor is asked again only when threads
   * have come or gone, or after a second when it did not answer. Of a thread that has not run
   * since the last call only the proof of that is read.
   */
  Result<std::vector<MachineThread>> threads();

  /* It is a patched QEMU whose threads have objects (/machine/pinning). If a monitor told of
   * its threads, monitor() is that one afterwards, and ours. */
  bool has_pinning_objects();

private:
  struct Told {
    std::vector<unsigned> vcpus;
    std::string iothread;
  };

  struct Seen {
    ThreadStat stat;
    std::optional<ThreadUsage> usage;
  };

  Result<const Seen *> see(pid_t id);
  std::optional<Qmp> borrowed_monitor(std::chrono::milliseconds timeout) const;
  bool ask(Qmp &monitor);
  bool ask_borrowed_monitor();
  Result<std::vector<MachineThread>> described(const std::vector<pid_t> &ids);
  MachineThread described(pid_t id, const Seen &seen) const;

  QemuProcess process_;
  bool names_threads_; /* was told to */
  std::optional<Qmp> monitor_;
  std::vector<pid_t> asked_for_; /* the threads there were when a monitor was to tell of them */
  /* When a borrowed monitor that did not answer is worth another question. */
  std::optional<std::chrono::steady_clock::time_point> ask_again_;
  std::map<pid_t, Told> told_;
  std::map<pid_t, Seen> seen_; /* at the last look */
  std::string main_name_;
};

/* Fails when a monitor's answer is not as QEMU's schema has it. Threads by cpu-index
 * (query-cpus-fast), and by ID (query-iothreads). */
Result<std::map<unsigned, pid_t>> vcpu_threads(Qmp &monitor);
Result<std::map<std::string, pid_t>> iothread_threads(Qmp &monitor);

/* The control (QMP) monitors' unix sockets that the command line names: those that QEMU
 * listens on without waiting for a client. */
std::vector<std::string> monitor_sockets(const QemuProcess &process);

} // namespace qemu_pin

#endif
