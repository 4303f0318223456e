/*
 * A guest that reads random blocks of a virtio disk, checks every word of them, and notes for
 * each read how long it took, from before it is put into the queue until the answer is seen:
 * in ticks of the time stamp counter.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "disk.h"

#include "machine.h"
#include "virtio_disk.h"

_Static_assert((int)DISK_MAX_DEPTH <= (int)VIRTIO_DISK_SLOTS, "more reads than slots");
_Static_assert(DISK_LATENCIES + DISK_MAX_READS * sizeof(uint32_t) <= PAYLOAD_RAM_MIB << 20,
               "the latencies do not fit into RAM");

struct Reading {
  uint64_t block, began;
};

static uint64_t next_random(uint64_t x) {
  x ^= x << 13; /* xorshift64: G. Marsaglia, Xorshift RNGs, 2003 */
  x ^= x >> 7;
  return x ^ x << 17;
}

static void set_state(struct DiskMailbox *mailbox, enum DiskState state) {
  __atomic_store_n(&mailbox->state, state, __ATOMIC_RELEASE);
}

static enum DiskState check(struct DiskMailbox *mailbox, const struct VirtioDisk *disk,
                            unsigned slot, uint64_t block) {
  const unsigned status = virtio_disk_status(disk, slot);
  if (status) {
    mailbox->wrong_block = block;
    mailbox->wrong_word = status;
    return DISK_READ_FAILED;
  }
  const uint64_t *words = virtio_disk_block(disk, slot);
  for (unsigned i = 0; i < DISK_BLOCK_WORDS; ++i)
    if (words[i] != block * DISK_BLOCK_WORDS + i) {
      mailbox->wrong_block = block;
      mailbox->wrong_word = i;
      mailbox->found = words[i];
      return DISK_WRONG_WORD;
    }
  return DISK_READING;
}

static void ask(struct VirtioDisk *disk, unsigned slot, struct Reading *reading, uint64_t block) {
  /* What an earlier read of the same block left must not pass for this one's. */
  *virtio_disk_block(disk, slot) = ~UINT64_C(0);
  reading->block = block;
  reading->began = time_stamp();
  virtio_disk_ask(disk, slot, block);
}

static enum DiskState read_blocks(struct DiskMailbox *mailbox, struct VirtioDisk *disk) {
  uint32_t *latencies = (uint32_t *)DISK_LATENCIES;
  struct Reading readings[DISK_MAX_DEPTH];
  uint64_t random = mailbox->seed;
  unsigned under_way = 0;
  mailbox->began = time_stamp();
  for (; under_way < mailbox->depth; ++under_way) {
    random = next_random(random);
    ask(disk, under_way, &readings[under_way], random % disk->blocks);
  }
  virtio_disk_notify(disk);
  while (under_way) {
    const int slot = virtio_disk_answered(disk);
    if (slot < 0) {
      relax();
      continue;
    }
    struct Reading *reading = &readings[slot];
    const uint64_t now = time_stamp();
    const uint64_t took = now - reading->began;
    const enum DiskState state = check(mailbox, disk, (unsigned)slot, reading->block);
    if (state != DISK_READING)
      return state;
    latencies[mailbox->reads] = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
    mailbox->ended = now;
    ++mailbox->reads;
    --under_way;
    if (!__atomic_load_n(&mailbox->stop, __ATOMIC_RELAXED) &&
        mailbox->reads + under_way < DISK_MAX_READS) {
      random = next_random(random);
      ask(disk, (unsigned)slot, reading, random % disk->blocks);
      virtio_disk_notify(disk);
      ++under_way;
    }
  }
  return DISK_ENDED;
}

void payload_main(unsigned vcpu);

void payload_main(unsigned vcpu) {
  struct DiskMailbox *mailbox = (struct DiskMailbox *)PAYLOAD_MAILBOX;
  struct VirtioDisk disk;
  if (vcpu != 0)
    return;
  if (virtio_disk_find(&disk, (unsigned char *)PAYLOAD_OWN_RAM) != VIRTIO_DISK_FOUND ||
      mailbox->depth == 0 || mailbox->depth > DISK_MAX_DEPTH || disk.blocks == 0) {
    set_state(mailbox, DISK_NO_DEVICE);
    return;
  }
  mailbox->blocks = disk.blocks;
  set_state(mailbox, DISK_READING);
  set_state(mailbox, read_blocks(mailbox, &disk));
}
