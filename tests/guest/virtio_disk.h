/*
 * A driver for one virtio disk, as little as it takes to read blocks: PCI's I/O ports, the
 * legacy interface, one queue, and looking for answers instead of interrupts.
 *
 *     struct VirtioDisk disk;
 *     if (virtio_disk_find(&disk, ring) == VIRTIO_DISK_FOUND) {
 *       virtio_disk_ask(&disk, slot, block);
 *       virtio_disk_notify(&disk);
 *       while ((slot = virtio_disk_answered(&disk)) < 0) ...
 *
 * Virtual I/O Device (VIRTIO) Version 1.1, OASIS, 2019: 2.6 (rings), 4.1.4.8 (legacy PCI),
 * 5.2 (block device). The guest's firmware is us: it gives the device its ports.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_GUEST_VIRTIO_DISK_H
#define TESTS_GUEST_VIRTIO_DISK_H

#include <stdint.h>

enum {
  VIRTIO_DISK_BLOCK = 4096,
  VIRTIO_DISK_SLOTS = 8, /* reads that may be under way at once */
  /* What virtio_disk_find needs: RAM that is zero, aligned to 4 KiB. */
  VIRTIO_DISK_RAM = 128 << 10,
};

enum VirtioDiskFound {
  VIRTIO_DISK_FOUND,
  VIRTIO_DISK_ABSENT,     /* no transitional virtio disk on bus 0 */
  VIRTIO_DISK_UNSUITABLE, /* its first BAR is not I/O, or its queue is not to our measure */
};

struct VirtioDisk {
  uint64_t blocks;            /* of 4096 bytes */
  uint16_t port;              /* where its registers are */
  uint16_t size, asked, seen; /* the queue's length, and counts that wrap */
  struct VirtioDescriptor *descriptors;
  struct VirtioAvailable *available;
  struct VirtioUsed *used;
  struct VirtioRequest *requests;
  unsigned char *buffers;
};

enum VirtioDiskFound virtio_disk_find(struct VirtioDisk *disk, unsigned char *ram);

/* Puts a read of one block into the queue; the slot must be free. */
void virtio_disk_ask(struct VirtioDisk *disk, unsigned slot, uint64_t block);

/* Tells the device of what was asked, unless it looks for itself just now. */
void virtio_disk_notify(const struct VirtioDisk *disk);

/* A slot whose read has come to an end, which is free then; or -1. */
int virtio_disk_answered(struct VirtioDisk *disk);

/* Of a slot's last read: 0 when all is well, and where the block is. */
unsigned virtio_disk_status(const struct VirtioDisk *disk, unsigned slot);
uint64_t *virtio_disk_block(const struct VirtioDisk *disk, unsigned slot);

#endif
