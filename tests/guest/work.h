/*
 * The fixed work of the guest work.c, and the mailbox by which the host asks for it. The
 * host can do the same work itself, to know what the guest has to answer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_GUEST_WORK_H
#define TESTS_GUEST_WORK_H

#include "payload.h"

enum {
  WORK_MAX_VCPUS = 32,
  WORK_MEMORY = 256 << 10, /* bytes a vCPU works in; zero at first */
};

struct WorkAnswer {
  uint64_t ready;    /* 1: the vCPU waits for go */
  uint64_t done;     /* 1: result is there */
  uint64_t result;   /* of mixed_work */
  uint64_t apart[5]; /* a cache line each */
};

struct WorkMailbox {
  uint64_t rounds; /* how much each vCPU is to do; set before the guest starts */
  uint64_t go;     /* set to 1 by the host when all are ready */
  uint64_t apart[6];
  struct WorkAnswer vcpus[WORK_MAX_VCPUS]; /* by APIC id */
};

/* Half integer work, half loads and stores all over the memory; each round needs the one
 * before. Differs by vCPU. */
static inline uint64_t mixed_work(uint64_t *memory, uint64_t rounds, uint64_t vcpu) {
  const uint64_t mask = WORK_MEMORY / sizeof *memory - 1;
  uint64_t x = 0x9e3779b97f4a7c15 * (vcpu + 1);
  for (uint64_t i = 0; i < rounds; ++i) {
    x ^= x << 13; /* xorshift64: G. Marsaglia, Xorshift RNGs, 2003 */
    x ^= x >> 7;
    x ^= x << 17;
    uint64_t *word = &memory[x & mask];
    *word = *word * 5 + (x >> 11);
    x += memory[(x >> 32) & mask] | 1;
  }
  return x;
}

#endif
