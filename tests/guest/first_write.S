/*
 * The guest for measuring how QEMU starts: 64 KiB of firmware whose first vCPU writes one
 * byte to the debug port as its first deed, and halts. The others are never woken, so that
 * however many there are, the guest itself takes nothing from QEMU.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define DEBUG_PORT 0xe9 /* what isa-debugcon listens on unless told otherwise */

  .text
  .code16
  .org 0xfff0
reset_vector:
  movb $'0', %al
  outb %al, $DEBUG_PORT
1:
  cli
  hlt
  jmp 1b
  .org 0x10000

  .section .note.GNU-stack, "", @progbits
