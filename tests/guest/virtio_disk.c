/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio_disk.h"

#include "machine.h"

/* PCI configuration by ports (PCI Local Bus Specification 3.0, 3.2.2.3.2). */
enum {
  PCI_ADDRESS = 0xcf8,
  PCI_VALUE = 0xcfc,
  PCI_SLOTS = 32,
  PCI_ID = 0x00,
  PCI_COMMAND = 0x04,
  PCI_BAR0 = 0x10,
  PCI_BAR_IS_IO = 1,
  PCI_COMMAND_IO_AND_MASTER = 1 | 4,
  LEGACY_DISK = 0x10011af4, /* device 0x1001 of vendor 0x1af4 */
  DISK_PORT = 0xc000,       /* nothing else is there on pc and q35 */
};

/* Registers, from the device's first port. */
enum {
  GUEST_FEATURES = 4,
  QUEUE_PAGE = 8,
  QUEUE_SIZE = 12,
  QUEUE_SELECT = 14,
  QUEUE_NOTIFY = 16,
  STATUS = 18,
  CAPACITY = 20, /* in sectors of 512 bytes; two registers */
};

enum {
  STATUS_DRIVER_KNOWN = 1 | 2, /* ACKNOWLEDGE, DRIVER */
  STATUS_DRIVER_OK = 4,
  SECTORS_A_BLOCK = VIRTIO_DISK_BLOCK / 512,
  RING_ALIGNMENT = 4096,
  MAX_QUEUE = 1024, /* VIRTIO 1.1, 2.6, allows more; QEMU does not */
  RING_PAGES = 8,   /* of a queue of that length, as legacy devices want them */
  DESCRIPTORS_A_READ = 3,
  DESCRIPTOR_NEXT = 1,
  DESCRIPTOR_WRITE = 2, /* the device writes there */
  NO_INTERRUPT = 1,
  NO_NOTIFY = 1,
  REQUEST_READ = 0,
};

struct VirtioDescriptor {
  uint64_t address;
  uint32_t length;
  uint16_t flags, next;
};

struct VirtioAvailable {
  uint16_t flags, index, ring[];
};

struct VirtioUsed {
  uint16_t flags, index;
  struct {
    uint32_t first, length;
  } ring[];
};

struct VirtioRequest {
  uint32_t type, reserved;
  uint64_t sector;
  uint8_t status;
};

/* Descriptors, and a word for each and three more; on a page of their own, answers. */
_Static_assert(MAX_QUEUE * 16 + (MAX_QUEUE + 3) * 2 <= 5 * RING_ALIGNMENT &&
                   (RING_PAGES - 5) * RING_ALIGNMENT >= 6 + MAX_QUEUE * 8,
               "the rings do not fit");
_Static_assert((RING_PAGES + 1) * RING_ALIGNMENT + VIRTIO_DISK_SLOTS * VIRTIO_DISK_BLOCK <=
                   VIRTIO_DISK_RAM,
               "the blocks do not fit");

static uint32_t pci_address(unsigned slot, unsigned where) {
  return 0x80000000 | slot << 11 | where;
}

static uint32_t pci_read(unsigned slot, unsigned where) {
  out32(PCI_ADDRESS, pci_address(slot, where));
  return in32(PCI_VALUE);
}

static void pci_write(unsigned slot, unsigned where, uint32_t value) {
  out32(PCI_ADDRESS, pci_address(slot, where));
  out32(PCI_VALUE, value);
}

static void lay_out(struct VirtioDisk *disk, unsigned char *ram) {
  const unsigned available = disk->size * sizeof *disk->descriptors;
  const unsigned end = available + sizeof *disk->available + (disk->size + 1) * sizeof(uint16_t);
  disk->descriptors = (struct VirtioDescriptor *)ram;
  disk->available = (struct VirtioAvailable *)(ram + available);
  disk->used =
      (struct VirtioUsed *)(ram + (end + RING_ALIGNMENT - 1) / RING_ALIGNMENT * RING_ALIGNMENT);
  disk->requests = (struct VirtioRequest *)(ram + RING_PAGES * RING_ALIGNMENT);
  disk->buffers = ram + (RING_PAGES + 1) * RING_ALIGNMENT;
}

/* What of a read never changes: where its request, its block and its status are. */
static void describe(struct VirtioDisk *disk, unsigned slot) {
  struct VirtioDescriptor *chain = &disk->descriptors[slot * DESCRIPTORS_A_READ];
  struct VirtioRequest *request = &disk->requests[slot];
  const uint16_t next = (uint16_t)(slot * DESCRIPTORS_A_READ + 1);
  chain[0] = (struct VirtioDescriptor){(uintptr_t)request, 16, DESCRIPTOR_NEXT, next};
  chain[1] = (struct VirtioDescriptor){(uintptr_t)virtio_disk_block(disk, slot), VIRTIO_DISK_BLOCK,
                                       DESCRIPTOR_NEXT | DESCRIPTOR_WRITE, (uint16_t)(next + 1)};
  chain[2] = (struct VirtioDescriptor){(uintptr_t)&request->status, 1, DESCRIPTOR_WRITE, 0};
  request->type = REQUEST_READ;
}

enum VirtioDiskFound virtio_disk_find(struct VirtioDisk *disk, unsigned char *ram) {
  unsigned pci = 0;
  while (pci < PCI_SLOTS && pci_read(pci, PCI_ID) != LEGACY_DISK)
    ++pci;
  if (pci == PCI_SLOTS)
    return VIRTIO_DISK_ABSENT;
  if (!(pci_read(pci, PCI_BAR0) & PCI_BAR_IS_IO))
    return VIRTIO_DISK_UNSUITABLE;
  pci_write(pci, PCI_BAR0, DISK_PORT);
  pci_write(pci, PCI_COMMAND, PCI_COMMAND_IO_AND_MASTER);
  disk->port = DISK_PORT;

  out8(DISK_PORT + STATUS, 0);
  out8(DISK_PORT + STATUS, STATUS_DRIVER_KNOWN);
  out32(DISK_PORT + GUEST_FEATURES, 0);
  disk->blocks = (in32(DISK_PORT + CAPACITY) | (uint64_t)in32(DISK_PORT + CAPACITY + 4) << 32) /
                 SECTORS_A_BLOCK;
  out16(DISK_PORT + QUEUE_SELECT, 0);
  disk->size = in16(DISK_PORT + QUEUE_SIZE);
  if (disk->size < VIRTIO_DISK_SLOTS * DESCRIPTORS_A_READ || disk->size > MAX_QUEUE)
    return VIRTIO_DISK_UNSUITABLE;
  disk->asked = disk->seen = 0;
  lay_out(disk, ram);
  for (unsigned slot = 0; slot < VIRTIO_DISK_SLOTS; ++slot)
    describe(disk, slot);
  disk->available->flags = NO_INTERRUPT;
  out32(DISK_PORT + QUEUE_PAGE, (uint32_t)((uintptr_t)ram / RING_ALIGNMENT));
  out8(DISK_PORT + STATUS, STATUS_DRIVER_KNOWN | STATUS_DRIVER_OK);
  return VIRTIO_DISK_FOUND;
}

void virtio_disk_ask(struct VirtioDisk *disk, unsigned slot, uint64_t block) {
  struct VirtioRequest *request = &disk->requests[slot];
  request->sector = block * SECTORS_A_BLOCK;
  request->status = 0xff;
  disk->available->ring[disk->asked % disk->size] = (uint16_t)(slot * DESCRIPTORS_A_READ);
  __atomic_store_n(&disk->available->index, ++disk->asked, __ATOMIC_RELEASE);
}

void virtio_disk_notify(const struct VirtioDisk *disk) {
  /* Between the store of the index and the look at the flags, or both sides could wait. */
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  if (!(__atomic_load_n(&disk->used->flags, __ATOMIC_RELAXED) & NO_NOTIFY))
    out16((uint16_t)(disk->port + QUEUE_NOTIFY), 0);
}

int virtio_disk_answered(struct VirtioDisk *disk) {
  if (__atomic_load_n(&disk->used->index, __ATOMIC_ACQUIRE) == disk->seen)
    return -1;
  return (int)(disk->used->ring[disk->seen++ % disk->size].first / DESCRIPTORS_A_READ);
}

unsigned virtio_disk_status(const struct VirtioDisk *disk, unsigned slot) {
  return disk->requests[slot].status;
}

uint64_t *virtio_disk_block(const struct VirtioDisk *disk, unsigned slot) {
  return (uint64_t *)(disk->buffers + slot * VIRTIO_DISK_BLOCK);
}
