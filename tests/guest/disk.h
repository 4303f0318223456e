/*
 * What the host asks of the guest disk.c, and what it answers: random reads of a disk whose
 * every 8 bytes hold their own index, counted in 8 bytes from the disk's start.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_GUEST_DISK_H
#define TESTS_GUEST_DISK_H

#include "payload.h"

enum {
  DISK_BLOCK_WORDS = 4096 / 8,
  DISK_MAX_DEPTH = 8,
  DISK_MAX_READS = 1 << 20,  /* after so many the guest stops by itself */
  DISK_LATENCIES = 0x800000, /* where they are in the guest's RAM: uint32_t each */
};

enum DiskState {
  DISK_STARTING, /* what RAM holds before the guest runs */
  DISK_READING,
  DISK_ENDED,       /* as asked, or after DISK_MAX_READS */
  DISK_NO_DEVICE,   /* no disk that the guest could drive, or a depth that is out of range */
  DISK_READ_FAILED, /* wrong_block; wrong_word is the device's status */
  DISK_WRONG_WORD,  /* in wrong_block, at wrong_word of its words, was found */
};

struct DiskMailbox {
  /* The host's, before the guest starts. */
  uint64_t depth; /* reads under way at once: 1 to DISK_MAX_DEPTH */
  uint64_t seed;  /* of the blocks' order; not 0 */
  /* The host's, at any time: 1 lets the guest end what is under way, and stop. */
  uint64_t stop;
  uint64_t apart[5];
  /* The guest's. */
  uint64_t state;        /* an enum DiskState */
  uint64_t blocks;       /* that the disk has */
  uint64_t reads;        /* that came back, and held what they should */
  uint64_t began, ended; /* by the time stamp counter */
  uint64_t wrong_block, wrong_word, found;
};

#endif
