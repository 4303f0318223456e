/*
 * The smallest honest guest: a 64 KiB firmware image for `qemu-system-x86_64
 * -bios`, for machine types pc and q35. Every vCPU enters long mode and ring 3,
 * writes one byte, '0' + its APIC id, to the debug port (-debugcon), and spins.
 *
 * It reads its tables from the ROM that it is; of RAM it uses three pages, for page tables.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define AT(label) (BASE + (label) - image)

#include "ring3.inc"

  .text
  .globl image

  to_protected_mode
  /* 2 MiB, one to one. */
  movl $(LARGE_PAGE | PRESENT_WRITE_USER), PD

  wake_others

  to_long_mode
  /* Every vCPU returns from the same frame: nothing is ever pushed on it. */
  movl $AT(user_frame), %esp
  iretq

user_mode:
  leal '0'(%rbx), %eax
  outb %al, $DEBUG_PORT
  xorl %eax, %eax
1:
  incq %rax
  jmp 1b

  .balign 8
user_frame:
  .quad AT(user_mode), USER_CODE64, RFLAGS_IOPL3, 0, USER_SEGMENT

  segments

  .org 0xfff0
  at_reset
  .org 0x10000

  .section .note.GNU-stack, "", @progbits
