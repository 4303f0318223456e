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

#include "base/json.h"
#include "harness/census.h"
#include "harness/guest.h"
#include "kernel/procfs.h"

#include <gtest/gtest.h>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <sys/prctl.h>
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

  /* The same, and guest code has run on that many vCPUs. */
  static std::optional<Guest> running(const GuestSpec &spec, std::size_t vcpus = 2);

  /* What QEMU refuses: one exact line after its name, status 1, no guest code. */
  static void expect_refused(const GuestSpec &spec, const std::string &error);

  /* spec and what else its command line holds. */
  static GuestSpec with(GuestSpec spec, const std::vector<std::string> &more);

  /* Every option at once: vCPU 0 on b as fifo, vCPU 1 on a, iothread io0 on b as rr,
   * all else on a as batch; and what the threads then have. Needs may_be_fifo(). */
  GuestSpec everything() const;
  Asked everything_asked() const;
  static bool may_be_fifo();

  /* What QEMU's human monitor prints, or the error. */
  static std::string hmp(Guest &guest, const std::string &line);

  /* "" or QEMU's answer when it refuses. */
  static std::string execute(Guest &guest, const std::string &command,
                             const nlohmann::json &arguments = nlohmann::json::object());

  /* Whether a command's answer comes to have that status. */
  static bool comes_to(Guest &guest, const char *command, const std::string &status);

  /* Disks "main" and "io0", as QEMU's options; to serve them over NBD, the first from
   * the main loop and the other from iothread io0; and to read one of them, which
   * makes a worker, created by that loop. The reader is to outlive the guest: QEMU 7.2
   * does not survive that one leaves an iothread. */
  static std::vector<std::string> disks(const TempDir &files);
  static void serve_disks(Guest &guest, const TempDir &files);
  static Child reader(Guest &guest, const TempDir &files, const std::string &name);

  /* How many of a machine's threads bear that name. Needs debug-threads=on. */
  static std::size_t count_threads(Guest &guest, const std::string &name);

  /* What the kernel lets each vCPU's thread run on. */
  static Masks masks(Guest &guest);
  static Masks masks(pid_t qemu, const std::map<unsigned, pid_t> &threads);

  /* The same of all other threads, "name: list" where it is not expected. */
  static std::vector<std::string> strays(Guest &guest, const std::string &expected);
};

/* With a folder for files. */
class PinningTestWithFiles : public PinningTest {
protected:
  void SetUp() override;

  /* The same machine with a disk that holds snapshots. Fails the test if it cannot be made. */
  GuestSpec with_snapshots(const GuestSpec &spec) const;

  std::optional<TempDir> files_; /* there unless the test is skipped */
};

/* Lets a QEMU that has gone into the background become our child again. */
class Subreaper {
public:
  Subreaper() { prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~Subreaper() { prctl(PR_SET_CHILD_SUBREAPER, 0); }
  Subreaper(const Subreaper &) = delete;
  Subreaper &operator=(const Subreaper &) = delete;
};

/* QEMU warns of what the host's KVM lacks, features or CPUs; those lines are not ours. */
std::string without_cpu_warnings(const std::string &text);

/* No line. */
extern const std::vector<std::string> none;

/* Any accelerator. */
class VcpuPinning : public PinningTest {};
/* Those with a thread for each vCPU. */
class VcpuThreads : public PinningTest {};
/* The one with vCPUs in the kernel. */
class KvmVcpus : public PinningTest {};
/* The one whose vCPUs share a thread. */
class SharedThread : public PinningTest {};

#endif
