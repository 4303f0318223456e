/*
 * A guest that watches itself being kept from running: every vCPU reads its TSC over and
 * over, and where one reading is later than the one before by more than a threshold, it did
 * not run in between, and writes down how long.
 *
 * What it writes is in RAM that the host reads along (gap_layout.h). It leaves the guest for
 * nothing once it records, and has touched all its memory before, so that a gap is never of
 * its own making.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "gap_layout.h"

enum { PAGE = 4096, LEAST_THRESHOLD = 4 /* gap_bucket() */ };

_Static_assert(sizeof(struct GapArea) <= GAP_AREA_SIZE, "a vCPU's area is too small");
_Static_assert(PAYLOAD_OWN_RAM + GAP_VCPUS * GAP_AREA_SIZE <= PAYLOAD_RAM_MIB << 20,
               "the areas do not fit into RAM");

static inline uint64_t tsc(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
}

static void record(volatile struct GapArea *area, uint64_t end, uint64_t length) {
  const uint64_t number = area->gaps;
  volatile struct GapBucket *bucket = &area->buckets[gap_bucket(length)];
  ++bucket->gaps;
  bucket->ticks += length;
  if (number < GAP_LISTED) {
    area->list[number].end = end;
    area->list[number].length = length;
  }
  area->gaps = number + 1;
}

void payload_main(uint32_t apic_id) {
  if (apic_id >= GAP_VCPUS)
    return;
  volatile struct GapArea *area =
      (volatile struct GapArea *)(uintptr_t)(PAYLOAD_OWN_RAM + apic_id * GAP_AREA_SIZE);
  const uint64_t threshold = area->threshold < LEAST_THRESHOLD ? LEAST_THRESHOLD : area->threshold;
  for (uint32_t at = 0; at < GAP_AREA_SIZE; at += PAGE) {
    volatile uint64_t *word = (volatile uint64_t *)((uintptr_t)area + at);
    *word = *word;
  }
  uint64_t loops = 0;
  uint64_t before = tsc();
  area->last = before;
  area->recording = 1;
  for (;;) {
    const uint64_t now = tsc();
    /* Signed: a TSC that falls back, on another host CPU, is no gap. */
    if ((int64_t)(now - before) > (int64_t)threshold)
      record(area, now, now - before);
    before = now;
    area->last = now;
    area->loops = ++loops;
  }
}
