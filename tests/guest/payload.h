/*
 * What payloads in C stand on, and who has which of the guest's RAM.
 *
 * That RAM is a file which the host maps too (-object memory-backend-file,share=on), so that
 * host and payload talk without an exit from the guest. What is in the file before QEMU
 * starts is in the RAM.
 *
 *     0x001000  page tables      0x020000  stacks
 *     0x200000  the mailbox: what the host asks, and what the payload answers
 *     0x400000  up to 16 MiB: the payload's
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_GUEST_PAYLOAD_H
#define TESTS_GUEST_PAYLOAD_H

#include <stdint.h>

enum {
  PAYLOAD_RAM_MIB = 16, /* what the machine has to have */
  PAYLOAD_MAILBOX = 0x200000,
  PAYLOAD_OWN_RAM = 0x400000,
};

#endif
