/*
 * The guest disk.c at work: random 4 KiB reads of a known disk through an iothread, each of
 * them checked and timed by the guest.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HARNESS_DISK_READS_H
#define HARNESS_DISK_READS_H

#include "base/result.h"
#include "harness/known_disk.h"

#include <chrono>
#include <string>
#include <vector>

struct DiskReadsSpec {
  std::string qemu, accelerator; /* its path; value of -accel */
  std::string image;             /* disk.bin */
  unsigned depth;                /* reads under way at once: 1 to DISK_MAX_DEPTH (disk.h) */
  std::chrono::milliseconds for_time;
  std::vector<std::string> more = {};  /* of QEMU's command line, such as -vcpu, -iothreadpin io0 */
  std::vector<unsigned> affinity = {}; /* host CPUs QEMU is started on; empty: as ours */
};

struct DiskReads {
  /* Of each read, in the order in which they came back, in microseconds: from before it is in
   * the queue until the guest sees the answer. */
  std::vector<double> latencies;
  double seconds; /* from the first question to the last answer */
};

/* Fails when QEMU does not start or ends, when the guest finds no disk, and when a read failed
 * or brought anything but what the disk holds there. */
qemu_pin::Result<DiskReads> read_disk(const KnownDisk &disk, const DiskReadsSpec &spec);

#endif
