/*
 * What the tests of -vcpu stand on: the machines to test, guests in them, and
 * the kernel's word on their threads.
 *
 * QEMU_PINNING_BINARIES names the QEMUs, parted by colons.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_FUNCTIONAL_PINNING_TEST_H
#define TESTS_FUNCTIONAL_PINNING_TEST_H

#include "guest.h"
#include "procfs.h"

#include <gtest/gtest.h>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/* A QEMU, and how it runs guests. */
struct Machine {
  std::string qemu;        /* its path, symlinks resolved; empty: none was named */
  std::string name;        /* for the test's name: "qemu_7_2_22_kvm" */
  std::string accelerator; /* value of -accel */
};

std::ostream &operator<<(std::ostream &out, const Machine &machine);
std::string machine_name(const testing::TestParamInfo<Machine> &machine);

/* The named QEMUs with each accelerator; one empty machine if none is named. */
std::vector<Machine> machines(const std::vector<std::string> &accelerators);

/* One that is not about pinning needs no accelerator and any host CPUs. */
class QemuTest : public testing::TestWithParam<Machine> {
protected:
  void SetUp() override;
};

class PinningTest : public QemuTest {
protected:
  void SetUp() override;

  using Pins = std::vector<std::pair<unsigned, std::string>>;
  using Masks = std::map<unsigned, std::string>;

  /* a and b are two host CPUs that we may use, both is the list of the two, and
   * start is all that we may use: what QEMU starts with. */
  std::string a, b, both, start;
  std::vector<unsigned> usable;

  GuestSpec spec(const std::vector<std::string> &more = {}) const;
  GuestSpec pinned(const Pins &pins) const;

  /* Started and answering, or a failure of the test. */
  static std::optional<Guest> started(const GuestSpec &spec);

  /* What the kernel lets each vCPU's thread run on. */
  static Masks masks(Guest &guest);
  static Masks masks(pid_t qemu, const std::map<unsigned, pid_t> &threads);

  /* The same of all other threads, "name: list" where it is not expected. */
  static std::vector<std::string> strays(Guest &guest, const std::string &expected);
};

/* Any accelerator. */
class VcpuPinning : public PinningTest {};
/* Those with a thread for each vCPU. */
class VcpuThreads : public PinningTest {};
/* The one with vCPUs in the kernel. */
class KvmVcpus : public PinningTest {};
/* The one whose vCPUs share a thread. */
class SharedThread : public PinningTest {};

#endif
