/*
 * Which thread creates a new thread, and what the new thread does first.
 *
 * A thread inherits its host CPUs and its scheduling from the thread that calls
 * pthread_create(). Here another thread, a thread context, can make that call for
 * the caller, and the new thread can be given something to do before all else.
 * qemu_thread_create() goes through thread_creation_create().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_THREAD_CREATION_H
#define QEMU_THREAD_CREATION_H

#ifndef _WIN32
#include <pthread.h>
#endif

/*
 * A sleeping thread that others are created from.
 *
 * QEMU's own ThreadContext (qemu/thread-context.h) is not used. It sets an affinity,
 * but no scheduling policy or priority. And it creates only the threads that are asked
 * of thread_context_create_thread(): accelerators and iothreads call
 * qemu_thread_create(), and the kernel creates some by itself.
 */
typedef struct PinThreadContext PinThreadContext;

typedef struct ThreadCreation {
    PinThreadContext *context;   /* the creating thread; NULL: the caller */
    void (*first)(void *opaque); /* what the new thread does first; or NULL */
    void *opaque;
} ThreadCreation;

/*
 * The next thread that the calling thread creates is created like this; those
 * after it are not. NULL takes that back.
 */
void thread_creation_set_next(const ThreadCreation *creation);

/*
 * From now on the calling thread's new threads are created from the emulator's
 * context, if there is one.
 */
void thread_creation_use_emulator_context(void);

/* The emulator's context: borrowed, or NULL. */
void thread_creation_set_emulator_context(PinThreadContext *context);

#ifndef _WIN32
/* pthread_create(), called in the thread that the new thread inherits from. */
int thread_creation_create(pthread_t *thread, const pthread_attr_t *attr,
                           void *(*start)(void *), void *arg);
#endif

/*
 * Starts a context: the calling thread creates a thread of that name, which runs
 * @first before this returns. @first may be NULL.
 */
PinThreadContext *pin_thread_context_new(const char *name,
                                         void (*first)(void *), void *opaque);

/*
 * Runs @fn in the context's thread and waits until it returns. Any thread but the
 * context's may call this; calls from several threads run one after the other.
 */
void pin_thread_context_run(PinThreadContext *context, void (*fn)(void *),
                            void *opaque);

/* Ends the thread. No call of pin_thread_context_run() may follow. */
void pin_thread_context_free(PinThreadContext *context);

#endif
