/*
 * How pinned threads, and the threads that they create, get their pins: thread
 * contexts, and what a pinned thread does first.
 *
 * Functions are for the main thread with the big lock held, unless they say
 * otherwise.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef PINNING_CREATION_H
#define PINNING_CREATION_H

#include "qemu/thread-creation.h"
#include "vcpupin.h"

/*
 * Makes a thread context with @pin, created by the calling thread. Ends QEMU when
 * the kernel refuses the pin. Does nothing if there is a context with that pin. Any
 * thread, while the main thread waits for it.
 */
void pinning_make_context(const vcpupin_pin *pin);

/* The same for a pinned vCPU; an error is led by its option. */
void pinning_make_vcpu_context(unsigned vcpu);

/* Makes all contexts that a sandbox would not allow later. */
void pinning_make_contexts_before_sandbox(void);

/* The context with that pin; NULL: there is none, or @pin is NULL. */
PinThreadContext *pinning_context(const vcpupin_pin *pin);

/* Ends each context whose pin no absent vCPU or iothread has. Does nothing before
 * the machine is ready, when all may still be needed. */
void pinning_end_unneeded_contexts(void);

/* Makes the context that pinned threads create their threads from; does nothing if
 * it exists. The calling thread has the emulator's pin. */
void pinning_ensure_emulator_context(void);

/* NULL before that. */
PinThreadContext *pinning_emulator_context(void);

/* Whether a thread created now would get @pin. */
bool pinning_check_pin(const vcpupin_pin *pin, Error **errp);

/*
 * What a new thread with @pin, or NULL, calls first: takes the pin, and lets the
 * emulator's context create what the thread creates. Ends QEMU when the kernel
 * refuses the pin; the error is led by @option, or NULL. The new thread only.
 */
void pinning_start_thread(const vcpupin_pin *pin, QemuOpts *option);

#endif
