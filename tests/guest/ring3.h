/*
 * From the reset vector to ring 3, for the guests' images: constants, and what does not
 * differ between them as macros of the assembler, in the order in which they are used.
 *
 * Why ring 3: where KVM itself is emulated, only user code runs at native speed; IOPL 3 lets
 * it use I/O ports.
 *
 * The first 64 KiB below 1 MiB and the last below 4 GiB both show an image, so the linear
 * addresses of its code are BASE + offset. Who includes this defines AT(label), the linear
 * address of a label, and makes the page tables between protected_mode and wake_others.
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

/* All vCPUs come here in real mode: the first from the reset vector, the others by its
 * start-up IPI. Leaves the APIC id in EBX and the APIC's address in EAX; only the first goes
 * on behind the macro, where it makes the page tables. RAM is zero at power-on, and after a
 * reset holds what is written here again. */
  .macro to_protected_mode
  .code16
image:
  cli
  lgdtl %cs:(gdt_pointer - image)
  movl $(CR0_ET | CR0_PE), %eax
  movl %eax, %cr0
  ljmpl $KERNEL_CODE32, $AT(protected_mode)

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
  shrl $24, %ebx /* CPUID tells the host's id where KVM is emulated */
  testl $APIC_BASE_BSP, %edx
  jz enter_long_mode

  movl $(PDPT | PRESENT_WRITE_USER), PML4
  movl $(PD | PRESENT_WRITE_USER), PDPT
  .endm

/* The APIC's address is still in EAX. */
  .macro wake_others
  movl $APIC_ENABLE, APIC_SPURIOUS(%eax)
  movl $IPI_INIT_ALL_OTHERS, APIC_ICR(%eax)
  movl $1000, %ecx
1:
  pause
  loop 1b
  movl $IPI_STARTUP_ALL_OTHERS, APIC_ICR(%eax)
  .endm

/* All vCPUs again; on to what follows, in long mode, in ring 0, with the APIC id in EBX. */
  .macro to_long_mode
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
  ljmp $KERNEL_CODE64, $AT(long_mode)

  .code64
long_mode:
  .endm

/* Flat segments, marked as accessed: the CPU cannot write that mark to ROM. */
  .macro segments
gdt:
  .quad 0
  .quad 0x00cf9b000000ffff /* KERNEL_CODE32 */
  .quad 0x00cf93000000ffff /* KERNEL_SEGMENT */
  .quad 0x00af9b000000ffff /* KERNEL_CODE64 */
  .quad 0x00cff3000000ffff /* USER_SEGMENT */
  .quad 0x00affb000000ffff /* USER_CODE64 */
gdt_pointer:
  .word gdt_pointer - gdt - 1
  .long AT(gdt)
  .endm

  .macro at_reset
  .code16
reset_vector:
  ljmp $(BASE >> 4), $0
  .endm
