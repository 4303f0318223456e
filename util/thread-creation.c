/*
 * Which thread creates a new thread, and what the new thread does first.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/thread.h"
#include "qemu/thread-creation.h"

struct PinThreadContext {
    QemuThread thread;
    QemuMutex lock;        /* held by the thread that asks, until @fn returns */
    QemuSemaphore asked;
    QemuSemaphore done;
    void (*fn)(void *);    /* what to run; NULL: end */
    void *opaque;
};

static __thread ThreadCreation next_creation;
static __thread bool uses_emulator_context;
static PinThreadContext *emulator_context;

void thread_creation_set_next(const ThreadCreation *creation)
{
    next_creation = creation ? *creation : (ThreadCreation) { };
}

void thread_creation_use_emulator_context(void)
{
    uses_emulator_context = true;
}

void thread_creation_set_emulator_context(PinThreadContext *context)
{
    emulator_context = context;
}

#ifndef _WIN32

/* What a thread that has something to do first does, in order. */
typedef struct ThreadStart {
    void (*first)(void *opaque);
    void *opaque;
    void *(*start)(void *);
    void *arg;
} ThreadStart;

static void *run_first(void *opaque)
{
    ThreadStart thread = *(ThreadStart *)opaque;

    g_free(opaque);
    thread.first(thread.opaque);
    return thread.start(thread.arg);
}

/* One call of pthread_create(). */
typedef struct PthreadCall {
    pthread_t *thread;
    const pthread_attr_t *attr;
    void *(*start)(void *);
    void *arg;
    int result;
} PthreadCall;

static void call(void *opaque)
{
    PthreadCall *create = opaque;

    create->result = pthread_create(create->thread, create->attr,
                                    create->start, create->arg);
}

int thread_creation_create(pthread_t *thread, const pthread_attr_t *attr,
                           void *(*start)(void *), void *arg)
{
    ThreadCreation creation = next_creation;
    PinThreadContext *context = creation.context;
    PthreadCall create = { thread, attr, start, arg, 0 };

    next_creation = (ThreadCreation) { };
    if (!context && !creation.first && uses_emulator_context) {
        context = emulator_context;
    }
    if (creation.first) {
        ThreadStart *both = g_new(ThreadStart, 1);

        *both = (ThreadStart) { creation.first, creation.opaque, start, arg };
        create.start = run_first;
        create.arg = both;
    }
    if (context) {
        pin_thread_context_run(context, call, &create);
    } else {
        call(&create);
    }
    return create.result;
}

#endif

static void *run_context(void *opaque)
{
    PinThreadContext *context = opaque;

    for (;;) {
        qemu_sem_wait(&context->asked);
        if (!context->fn) {
            return NULL;
        }
        context->fn(context->opaque);
        qemu_sem_post(&context->done);
    }
}

static void do_nothing(void *opaque)
{
}

PinThreadContext *pin_thread_context_new(const char *name,
                                         void (*first)(void *), void *opaque)
{
    PinThreadContext *context = g_new0(PinThreadContext, 1);

    qemu_mutex_init(&context->lock);
    qemu_sem_init(&context->asked, 0);
    qemu_sem_init(&context->done, 0);
    if (first) {
        thread_creation_set_next(&(ThreadCreation) { NULL, first, opaque });
    }
    qemu_thread_create(&context->thread, name, run_context, context,
                       QEMU_THREAD_JOINABLE);
    pin_thread_context_run(context, do_nothing, NULL);
    return context;
}

void pin_thread_context_run(PinThreadContext *context, void (*fn)(void *),
                            void *opaque)
{
    qemu_mutex_lock(&context->lock);
    context->fn = fn;
    context->opaque = opaque;
    qemu_sem_post(&context->asked);
    qemu_sem_wait(&context->done);
    qemu_mutex_unlock(&context->lock);
}

void pin_thread_context_free(PinThreadContext *context)
{
    context->fn = NULL;
    qemu_sem_post(&context->asked);
    qemu_thread_join(&context->thread);
    qemu_sem_destroy(&context->done);
    qemu_sem_destroy(&context->asked);
    qemu_mutex_destroy(&context->lock);
    g_free(context);
}
