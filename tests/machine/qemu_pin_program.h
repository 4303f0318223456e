/*
 * qemu-pin as users run it, and the QEMUs that it is tried on: the distribution's
 * own, and the patched ones of QEMU_PINNING_BINARIES.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_MACHINE_QEMU_PIN_PROGRAM_H
#define TESTS_MACHINE_QEMU_PIN_PROGRAM_H

#include "base/json.h"
#include "harness/child.h"
#include "harness/guest.h"
#include "harness/temp_dir.h"

#include <gtest/gtest.h>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

/* How a program ended, and what it printed. */
struct Ended {
  int status; /* 128 + N if signal N ended it, -1: it did not end */
  std::string output, errors;
};

/* qemu-pin with these arguments, to its end. */
Ended qemu_pin_program(const std::vector<std::string> &arguments);

/* Any program. */
Ended run_program(const std::vector<std::string> &argv);

/* A QEMU and how it runs guests. */
struct Qemu {
  std::string path;        /* "": missing, and why is its name */
  std::string name;        /* for the test's name: "stock_kvm" */
  std::string accelerator; /* value of -accel */
  bool patched;
};

std::ostream &operator<<(std::ostream &out, const Qemu &qemu);

/* The distribution's, and each that QEMU_PINNING_BINARIES names, under KVM and TCG. */
std::vector<Qemu> qemus();
/* Those of them that are not patched, and those that are. */
std::vector<Qemu> stock_qemus();
std::vector<Qemu> patched_qemus();
/* Of some, those with that accelerator: "kvm" or "tcg". */
std::vector<Qemu> with_accelerator(std::vector<Qemu> qemus, const std::string &accelerator);

std::string qemu_name(const testing::TestParamInfo<Qemu> &qemu);

/* A test on each QEMU; skips where it is missing, or fewer than two CPUs may be used. */
class MachineTest : public testing::TestWithParam<Qemu> {
protected:
  void SetUp() override;

  /* Two host CPUs that we may use, and all of them. */
  std::string a, b, start;
  /* A folder for files. */
  std::optional<TempDir> files;

  /* A guest of two vCPUs and what else its command line is to hold. Its monitor is at
   * the socket that command_line() of guest.h names, and taken by the test. */
  GuestSpec spec(const std::vector<std::string> &more = {}) const;
  static std::optional<Guest> started(const GuestSpec &spec);

  /* As spec(), for a command line of our own: the whole of it, with a second monitor
   * for qemu-pin at files->file("monitor"). */
  std::vector<std::string> monitor_option() const;
  std::string monitor_socket() const { return files->file("monitor"); }

  /* As an argument of qemu-pin's. */
  static std::string pid(const Guest &guest) { return std::to_string(guest.pid()); }
};

#endif
