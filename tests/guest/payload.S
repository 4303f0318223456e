/*
 * How a guest payload written in C is started: a 64 KiB firmware image for
 * `qemu-system-x86_64 -bios`, for machine types pc and q35. Every vCPU enters long mode and
 * ring 3, with 16 MiB mapped one to one and a stack of its own, writes one byte, '0' + its
 * APIC id, to the debug port (-debugcon), and calls payload_main(its APIC id), which does not
 * return. spin.S is the guest that needs neither RAM nor C.
 *
 * The linker script places the image below 1 MiB. Code and constants are read from that ROM,
 * and there are no variables; payload.h says who has which RAM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define AT(label) label /* linked to where it runs */

#include "ring3.inc"

#define LARGE_PAGE_SIZE 0x200000
#define LARGE_PAGES 8

#define STACKS 0x20000 /* 4 KiB for each of 64 vCPUs */
#define STACK_BITS 12

  .section .start, "ax"
  .globl image

  to_protected_mode
  movl $(LARGE_PAGE | PRESENT_WRITE_USER), %edx
  xorl %ecx, %ecx
1:
  movl %edx, PD(, %ecx, 8)
  addl $LARGE_PAGE_SIZE, %edx
  incl %ecx
  cmpl $LARGE_PAGES, %ecx
  jb 1b

  wake_others

  to_long_mode
  leal 1(%rbx), %eax
  shll $STACK_BITS, %eax
  leal STACKS(%rax), %esp
  movl %esp, %eax
  pushq $USER_SEGMENT
  pushq %rax
  pushq $RFLAGS_IOPL3
  pushq $USER_CODE64
  pushq $user_mode
  iretq

user_mode:
  leal '0'(%rbx), %eax
  outb %al, $DEBUG_PORT
  movl %ebx, %edi
  call payload_main
1:
  pause
  jmp 1b

  .balign 8
  segments

  .section .reset, "ax"
  at_reset

  .section .note.GNU-stack, "", @progbits
