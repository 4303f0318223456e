/*
 * A guest that does a fixed amount of work on each vCPU, once the host says go.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "work.h"

#include "machine.h"

_Static_assert(PAYLOAD_OWN_RAM + WORK_MAX_VCPUS * WORK_MEMORY <= PAYLOAD_RAM_MIB << 20,
               "the vCPUs' memory does not fit into RAM");

void payload_main(unsigned vcpu);

void payload_main(unsigned vcpu) {
  struct WorkMailbox *mailbox = (struct WorkMailbox *)PAYLOAD_MAILBOX;
  if (vcpu >= WORK_MAX_VCPUS)
    return;
  struct WorkAnswer *answer = &mailbox->vcpus[vcpu];
  uint64_t *memory = (uint64_t *)(uintptr_t)(PAYLOAD_OWN_RAM + vcpu * WORK_MEMORY);

  __atomic_store_n(&answer->ready, 1, __ATOMIC_RELEASE);
  while (!__atomic_load_n(&mailbox->go, __ATOMIC_ACQUIRE))
    relax();
  answer->result = mixed_work(memory, mailbox->rounds, vcpu);
  __atomic_store_n(&answer->done, 1, __ATOMIC_RELEASE);
}
