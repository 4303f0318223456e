/*
 * The small guest of tests/guest in a QEMU under test: started, asked, ended.
 *
 * Its files (monitor socket, debug port, standard error) are in a folder of its
 * own; process and folder go with the object.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HARNESS_GUEST_H
#define HARNESS_GUEST_H

#include "base/result.h"
#include "harness/child.h"
#include "harness/temp_dir.h"
#include "machine/qmp.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

struct GuestSpec {
  std::string qemu;                          /* path of the binary */
  std::string accelerator;                   /* value of -accel */
  std::string image;                         /* the firmware image */
  std::string smp = "2";                     /* value of -smp */
  std::vector<std::string> more = {};        /* what else the command line holds, such as -vcpu */
  std::vector<unsigned> affinity = {};       /* host CPUs QEMU is started on; empty: as ours */
  std::string cgroup = {};                   /* folder of a cgroup QEMU is started in */
  std::vector<std::string> prefix = {};      /* a program that becomes QEMU, and its arguments */
  std::vector<std::string> environment = {}; /* see Command */
};

/* The threads of the vCPUs that exist, by cpu-index (query-cpus-fast). */
qemu_pin::Result<std::map<unsigned, pid_t>> vcpu_threads(qemu_pin::Qmp &monitor);

/* Plugs each vCPU that the machine has room for; fails with QEMU's first refusal. */
qemu_pin::Result<> plug_all_vcpus(qemu_pin::Qmp &monitor);

/* How a QEMU ended that was not expected to run. */
struct Outcome {
  int status;           /* 128 + N if signal N ended it */
  std::string errors;   /* its standard error */
  std::string reported; /* what guest code wrote to the debug port */
};

class Guest {
public:
  /* Returns once the monitor answers; guest code may or may not run yet. Fails
   * when QEMU ends before; the message is then its standard error. */
  static qemu_pin::Result<Guest> start(const GuestSpec &spec);

  /* For a QEMU that should end by itself. Fails when it does not. */
  static qemu_pin::Result<Outcome> run(const GuestSpec &spec);

  pid_t pid() const { return process_.pid(); }
  qemu_pin::Qmp &monitor() { return *monitor_; }
  std::string errors() const;
  bool running() { return !process_.wait(std::chrono::milliseconds(0)); }

  /* Its status when it ends by itself (see Outcome); nothing: it does not. */
  std::optional<int> wait_end() { return process_.wait(patience); }

  /* What vCPUs wrote to the debug port: one byte each as it enters user mode. */
  std::string reported() const;
  bool wait_reported(std::size_t vcpus, std::chrono::milliseconds timeout = patience);

  qemu_pin::Result<std::map<unsigned, pid_t>> vcpu_threads() { return ::vcpu_threads(*monitor_); }

private:
  Guest(TempDir files, Child process) : files_(std::move(files)), process_(std::move(process)) {}
  qemu_pin::Result<> connect();

  TempDir files_; /* first, so that the process ends before its files do */
  Child process_;
  std::optional<qemu_pin::Qmp> monitor_;
};

/* QEMU's command line for spec, with its files in folder: monitor "qmp", debug
 * port "debug". */
std::vector<std::string> command_line(const GuestSpec &spec, const std::string &folder);

/* Waits for the socket to appear, or for process to end, then connects. */
qemu_pin::Result<qemu_pin::Qmp> connect_when_ready(const std::string &socket, Child &process);

/* Why /dev/kvm cannot be used here, or nothing. */
std::optional<std::string> why_no_kvm();

/* The host CPUs that we may run on, in ascending order. */
qemu_pin::Result<std::vector<unsigned>> usable_cpus();

#endif
