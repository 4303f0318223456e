/*
 * Of which thread new threads are born.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/thread.h"
#include "qemu/thread-birth.h"

struct ThreadNursery {
    QemuThread thread;
    QemuMutex lock;        /* held by who asks, for as long as that takes */
    QemuSemaphore asked;
    QemuSemaphore done;
    void (*fn)(void *);    /* what is asked for; NULL: to end */
    void *opaque;
};

static __thread ThreadBirth next_birth;
static __thread bool left_home;
static ThreadNursery *home_nursery;

void thread_birth_set_next(const ThreadBirth *birth)
{
    next_birth = birth ? *birth : (ThreadBirth) { };
}

void thread_birth_leave_home(void)
{
    left_home = true;
}

void thread_birth_set_home(ThreadNursery *home)
{
    home_nursery = home;
}

#ifndef _WIN32

/* What a thread that has something to do first does then. */
typedef struct ThreadLife {
    void (*first)(void *opaque);
    void *opaque;
    void *(*start)(void *);
    void *arg;
} ThreadLife;

static void *live(void *opaque)
{
    ThreadLife life = *(ThreadLife *)opaque;

    g_free(opaque);
    life.first(life.opaque);
    return life.start(life.arg);
}

/* One call of pthread_create(). */
typedef struct ThreadCreation {
    pthread_t *thread;
    const pthread_attr_t *attr;
    void *(*start)(void *);
    void *arg;
    int result;
} ThreadCreation;

static void create(void *opaque)
{
    ThreadCreation *creation = opaque;

    creation->result = pthread_create(creation->thread, creation->attr,
                                      creation->start, creation->arg);
}

int thread_birth_create(pthread_t *thread, const pthread_attr_t *attr,
                        void *(*start)(void *), void *arg)
{
    ThreadBirth birth = next_birth;
    ThreadNursery *nursery = birth.nursery;
    ThreadCreation creation = { thread, attr, start, arg, 0 };

    next_birth = (ThreadBirth) { };
    if (!nursery && !birth.first && left_home) {
        nursery = home_nursery;
    }
    if (birth.first) {
        ThreadLife *life = g_new(ThreadLife, 1);

        *life = (ThreadLife) { birth.first, birth.opaque, start, arg };
        creation.start = live;
        creation.arg = life;
    }
    if (nursery) {
        thread_nursery_run(nursery, create, &creation);
    } else {
        create(&creation);
    }
    return creation.result;
}

#endif

static void *nurse(void *opaque)
{
    ThreadNursery *nursery = opaque;

    for (;;) {
        qemu_sem_wait(&nursery->asked);
        if (!nursery->fn) {
            return NULL;
        }
        nursery->fn(nursery->opaque);
        qemu_sem_post(&nursery->done);
    }
}

static void do_nothing(void *opaque)
{
}

ThreadNursery *thread_nursery_new(const char *name, void (*first)(void *),
                                  void *opaque)
{
    ThreadNursery *nursery = g_new0(ThreadNursery, 1);

    qemu_mutex_init(&nursery->lock);
    qemu_sem_init(&nursery->asked, 0);
    qemu_sem_init(&nursery->done, 0);
    if (first) {
        thread_birth_set_next(&(ThreadBirth) { NULL, first, opaque });
    }
    qemu_thread_create(&nursery->thread, name, nurse, nursery,
                       QEMU_THREAD_JOINABLE);
    thread_nursery_run(nursery, do_nothing, NULL);
    return nursery;
}

void thread_nursery_run(ThreadNursery *nursery, void (*fn)(void *),
                        void *opaque)
{
    qemu_mutex_lock(&nursery->lock);
    nursery->fn = fn;
    nursery->opaque = opaque;
    qemu_sem_post(&nursery->asked);
    qemu_sem_wait(&nursery->done);
    qemu_mutex_unlock(&nursery->lock);
}

void thread_nursery_free(ThreadNursery *nursery)
{
    nursery->fn = NULL;
    qemu_sem_post(&nursery->asked);
    qemu_thread_join(&nursery->thread);
    qemu_sem_destroy(&nursery->done);
    qemu_sem_destroy(&nursery->asked);
    qemu_mutex_destroy(&nursery->lock);
    g_free(nursery);
}
