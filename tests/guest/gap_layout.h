/*
 * Where the guest `gaps` keeps what it saw, for it and for the host that reads along
 * (bench/gap_record.h). All times are in ticks of the guest's TSC.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_GUEST_GAP_LAYOUT_H
#define TESTS_GUEST_GAP_LAYOUT_H

#include "payload.h"

#include <stdint.h>

enum {
  GAP_VCPUS = 6, /* that have an area; others spin and record nothing */
  GAP_AREA_SIZE = 0x200000,
  GAP_BUCKETS = 256, /* 4 in each doubling of the length: see gap_bucket() */
  GAP_LISTED = 130000,
};

struct GapBucket {
  uint64_t gaps, ticks;
};

struct ListedGap {
  uint64_t end, length;
};

/* One vCPU's, at PAYLOAD_OWN_RAM + its APIC id * GAP_AREA_SIZE. */
struct GapArea {
  uint64_t threshold; /* the host writes it before QEMU starts: longer is a gap */
  uint64_t recording; /* 1 from when all that follows is kept up to date */
  uint64_t loops;     /* readings of the TSC */
  uint64_t last;      /* the newest reading */
  uint64_t gaps;      /* the list has the first GAP_LISTED of them, the buckets all */
  struct GapBucket buckets[GAP_BUCKETS];
  struct ListedGap list[GAP_LISTED]; /* entry N is whole before gaps is N + 1 */
};

/* length: at least 4. */
static inline unsigned gap_bucket(uint64_t length) {
  const unsigned doubling = 63U - (unsigned)__builtin_clzll(length);
  return 4 * doubling + (unsigned)(length >> (doubling - 2) & 3);
}

/* The least length that is in a bucket. */
static inline uint64_t gap_bucket_start(unsigned bucket) {
  return (uint64_t)(4 + bucket % 4) << (bucket / 4 - 2);
}

#endif
