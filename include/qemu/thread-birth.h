/*
 * Of which thread new threads are born.
 *
 * A thread inherits its host CPUs and its scheduling from the thread that calls
 * pthread_create(). Here another thread can be made to do that for the caller,
 * and the new thread can be given something to do before all else.
 * qemu_thread_create() goes through thread_birth_create().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_THREAD_BIRTH_H
#define QEMU_THREAD_BIRTH_H

#ifndef _WIN32
#include <pthread.h>
#endif

/* A sleeping thread, of which others are born. */
typedef struct ThreadNursery ThreadNursery;

typedef struct ThreadBirth {
    ThreadNursery *nursery;      /* of which; NULL: of the caller */
    void (*first)(void *opaque); /* what the thread does first; or NULL */
    void *opaque;
} ThreadBirth;

/*
 * The next thread that the calling thread makes is born like this, the one after
 * it as ever. NULL takes that back.
 */
void thread_birth_set_next(const ThreadBirth *birth);

/*
 * Threads that the calling thread makes are from now on born of the home nursery,
 * if there is one.
 */
void thread_birth_leave_home(void);

/* The home nursery: borrowed, or NULL. */
void thread_birth_set_home(ThreadNursery *home);

#ifndef _WIN32
/* pthread_create(), by the thread that it should be by. */
int thread_birth_create(pthread_t *thread, const pthread_attr_t *attr,
                        void *(*start)(void *), void *arg);
#endif

/*
 * Starts a nursery: a thread of that name that runs @first before this returns,
 * and is then born of the calling thread itself. @first may be NULL.
 */
ThreadNursery *thread_nursery_new(const char *name, void (*first)(void *),
                                  void *opaque);

/*
 * Runs @fn in the nursery's thread and waits for it. Any thread but the nursery's
 * may ask; several have to wait for each other.
 */
void thread_nursery_run(ThreadNursery *nursery, void (*fn)(void *),
                        void *opaque);

/* Ends the thread. Nobody may ask it for anything any more. */
void thread_nursery_free(ThreadNursery *nursery);

#endif
