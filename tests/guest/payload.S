/*
 * How a guest payload written in C is started: a 64 KiB firmware image for
 * `qemu-system-x86_64 -bios`, for machine types pc and q35. Every vCPU enters long mode and
 * ring 3, with 16 MiB mapped one to one and a stack of its own, writes one byte, '0' + its
 * APIC id, to the debug port (-debugcon), and calls payload_main(its APIC id), which does not
 * return. spin.S is the guest that needs neither RAM nor C.
 *
 * Why ring 3: where KVM itself is emulated, only user code runs at native speed; IOPL 3 lets
 * it use I/O ports.
 *
 * The first 64 KiB below 1 MiB and the last below 4 GiB both show this image; the linker
 * script places it in the former. Code and constants are read from that ROM, and there are no
 * variables; payload.h says who has which RAM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define BASE 0xf0000 /* real-mode segment 0xf000; the start-up IPI's vector is its page, 0xf0 */

#define DEBUG_PORT 0xe9 /* what isa-debugcon listens on unless told otherwise */

#define PML4 0x1000
#define PDPT 0x2000
#define PD 0x3000
#define PRESENT_WRITE_USER 0x07
#define LARGE_PAGE 0x80
#define LARGE_PAGE_SIZE 0x200000
#define LARGE_PAGES 8

#define STACKS 0x20000 /* 4 KiB for each of 64 vCPUs */
#define STACK_BITS 12

#define KERNEL_CODE32 0x08
#define KERNEL_SEGMENT 0x10
#define KERNEL_CODE64 0x18
#define USER_SEGMENT (0x20 | 3)
#define USER_CODE64 (0x28 | 3)

#define CR0_PE 0x00000001
#define CR0_ET 0x00000010
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define RFLAGS_IOPL3 0x3002 /* interrupts stay off */

#define MSR_APIC_BASE 0x1b
#define APIC_BASE_BSP 0x100
#define APIC_BASE_MASK 0xfffff000
#define APIC_ID 0x20
#define APIC_SPURIOUS 0xf0
#define APIC_ICR 0x300
#define APIC_ENABLE 0x1ff
#define IPI_INIT_ALL_OTHERS 0xc4500
#define IPI_STARTUP_ALL_OTHERS (0xc4600 | (BASE >> 12))

  .section .start, "ax"
  .globl image

/* All vCPUs come here in real mode: the first from the reset vector, the others
 * by its start-up IPI. */
  .code16
image:
  cli
  lgdtl %cs:(gdt_pointer - image)
  movl $(CR0_ET | CR0_PE), %eax
  movl %eax, %cr0
  ljmpl $KERNEL_CODE32, $protected_mode

  .code32
protected_mode:
  movw $KERNEL_SEGMENT, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movl $MSR_APIC_BASE, %ecx
  rdmsr
  movl %eax, %edx
  andl $APIC_BASE_MASK, %eax
  movl APIC_ID(%eax), %ebx
  shrl $24, %ebx /* kept until user mode; CPUID tells the host's id where KVM is emulated */
  testl $APIC_BASE_BSP, %edx
  jz enter_long_mode

  /* The first vCPU makes the page tables, then wakes the others. RAM is zero at
   * power-on, and after a reset holds what is written here again. */
  movl $(PDPT | PRESENT_WRITE_USER), PML4
  movl $(PD | PRESENT_WRITE_USER), PDPT
  movl $(LARGE_PAGE | PRESENT_WRITE_USER), %edx
  xorl %ecx, %ecx
1:
  movl %edx, PD(, %ecx, 8)
  addl $LARGE_PAGE_SIZE, %edx
  incl %ecx
  cmpl $LARGE_PAGES, %ecx
  jb 1b

  movl $APIC_ENABLE, APIC_SPURIOUS(%eax)
  movl $IPI_INIT_ALL_OTHERS, APIC_ICR(%eax)
  movl $1000, %ecx
2:
  pause
  loop 2b
  movl $IPI_STARTUP_ALL_OTHERS, APIC_ICR(%eax)

enter_long_mode:
  movl $PML4, %eax
  movl %eax, %cr3
  movl $CR4_PAE, %eax
  movl %eax, %cr4
  movl $MSR_EFER, %ecx
  rdmsr
  orl $EFER_LME, %eax
  wrmsr
  movl $(CR0_PG | CR0_ET | CR0_PE), %eax
  movl %eax, %cr0
  ljmp $KERNEL_CODE64, $long_mode

  .code64
long_mode:
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
3:
  pause
  jmp 3b

/* Flat segments, marked as accessed: the CPU cannot write that mark to ROM. */
  .balign 8
gdt:
  .quad 0
  .quad 0x00cf9b000000ffff /* KERNEL_CODE32 */
  .quad 0x00cf93000000ffff /* KERNEL_SEGMENT */
  .quad 0x00af9b000000ffff /* KERNEL_CODE64 */
  .quad 0x00cff3000000ffff /* USER_SEGMENT */
  .quad 0x00affb000000ffff /* USER_CODE64 */
gdt_pointer:
  .word gdt_pointer - gdt - 1
  .long gdt

  .section .reset, "ax"
  .code16
reset_vector:
  ljmp $(BASE >> 4), $0

  .section .note.GNU-stack, "", @progbits
