/*
 * libvcpupin: which host CPUs a thread may run on, and how it is scheduled.
 *
 * The one place that reads and writes CPU lists, keeps the pin table, knows
 * which host CPUs may be used, and asks the kernel to pin. It knows nothing
 * of QEMU. C++20 inside, C outside.
 *
 * Order of use:
 *     host = vcpupin_host_read(NULL, &error);      the host, read once
 *     start = vcpupin_pin_read(0, &error);         what this process was started with
 *     table = vcpupin_table_new(host, start, ...); an empty table
 *     vcpupin_table_add_vcpu(table, ...);          each request, checked at once
 *     pin = vcpupin_table_vcpu(table, 0);          what became of it
 *     vcpupin_apply(0, pin, &error);               in the vCPU's own thread
 *
 * One error rule. A function that can fail has a last parameter `char **error`,
 * and returns NULL or false on failure. Then, if error is not NULL, *error is
 * one line of English without a newline or a final period, to be freed with
 * free(); memory exhausted gives a NULL message. On failure every other output
 * and every object is as it was. On success *error is untouched. Nothing is
 * ever printed, and no C++ exception leaves the library.
 *
 * Ownership: what a function named _new, _read, _parse, _copy or _format
 * returns belongs to the caller, to be freed by the matching _free (strings:
 * free()). Pointers marked "borrowed" live as long as the object they came from.
 * Every _free takes NULL.
 *
 * Threads: objects may be read by several threads at once, changed by one.
 *
 * Host CPUs are numbered as Linux numbers them (hwloc: PU, OS index). vCPUs are
 * numbered 0..max_vcpus-1 (QEMU: cpu_index). Threads are named by the kernel's
 * id (gettid(2)); 0 is the calling thread.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VCPUPIN_H
#define VCPUPIN_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A set of host CPUs. Its text is a CPU list, in the notation of the kernel's
 * cpulist files: pieces parted by commas, each a CPU `3`, a range `0-3`, a
 * range with a stride `0-14:2` (every 2nd CPU: 0,2,..,14), or `^2`, which takes
 * one CPU out of those named before it, as in libvirt. Decimal digits only; no
 * blanks; overlaps are allowed. CPU numbers go to VCPUPIN_CPU_MAX.
 */
typedef struct vcpupin_cpus vcpupin_cpus;

/* The largest CPU number a list may name, a bound on memory and not on hosts:
 * Linux's own limit (NR_CPUS) is 8,192 where it is largest. */
#define VCPUPIN_CPU_MAX 1048575u

/* Fails on an empty list, a syntax error, a number that is out of range, a
 * `^N` not named before it, and a list whose every CPU was taken out; the
 * message names the offending piece. */
vcpupin_cpus *vcpupin_cpus_parse(const char *list, char **error);

/* The shortest CPU list without strides, as the kernel prints it: "0-3,8". The
 * empty set is "". Returns NULL only when memory is exhausted. */
char *vcpupin_cpus_format(const vcpupin_cpus *cpus);

/* The empty set. NULL only when memory is exhausted. */
vcpupin_cpus *vcpupin_cpus_new(void);
vcpupin_cpus *vcpupin_cpus_copy(const vcpupin_cpus *cpus, char **error);

/* Adds a CPU. Fails on a number above VCPUPIN_CPU_MAX. */
bool vcpupin_cpus_add(vcpupin_cpus *cpus, unsigned cpu, char **error);
/* Removes a CPU; one that is not in the set is no error. */
void vcpupin_cpus_remove(vcpupin_cpus *cpus, unsigned cpu);

/* Union, difference and intersection, kept in cpus. The first fails only when memory is
 * exhausted. */
bool vcpupin_cpus_add_all(vcpupin_cpus *cpus, const vcpupin_cpus *others, char **error);
void vcpupin_cpus_remove_all(vcpupin_cpus *cpus, const vcpupin_cpus *others);
void vcpupin_cpus_keep(vcpupin_cpus *cpus, const vcpupin_cpus *others);

/* The lowest CPU in the set that is from or higher: to walk a set, start at 0 and go on one
 * above each CPU. False, and *cpu as it was, when there is none. */
bool vcpupin_cpus_next(const vcpupin_cpus *cpus, unsigned from, unsigned *cpu);
/* The highest CPU. False, and *cpu as it was, for the empty set. */
bool vcpupin_cpus_last(const vcpupin_cpus *cpus, unsigned *cpu);

size_t vcpupin_cpus_count(const vcpupin_cpus *cpus);
bool vcpupin_cpus_contains(const vcpupin_cpus *cpus, unsigned cpu);
/* Does cpus contain every CPU of others? Any set contains the empty one. */
bool vcpupin_cpus_contains_all(const vcpupin_cpus *cpus, const vcpupin_cpus *others);
/* Do the sets have a CPU in common? */
bool vcpupin_cpus_intersects(const vcpupin_cpus *a, const vcpupin_cpus *b);
/* Below, equal to or above 0: the order of their CPUs, lowest first, as words are ordered by
 * their letters. */
int vcpupin_cpus_compare(const vcpupin_cpus *a, const vcpupin_cpus *b);
bool vcpupin_cpus_equal(const vcpupin_cpus *a, const vcpupin_cpus *b);
void vcpupin_cpus_free(vcpupin_cpus *cpus);

/* The CPUs that a thread may run on now (sched_getaffinity). */
vcpupin_cpus *vcpupin_cpus_read_affinity(int thread, char **error);

/* How the kernel schedules a thread. */
typedef struct vcpupin_sched {
  int policy;   /* Linux's number: SCHED_OTHER, SCHED_FIFO, ... */
  int priority; /* 1..99 with SCHED_FIFO and SCHED_RR, else 0 */
} vcpupin_sched;

/* As -vcpu's sched= names it: "other", "batch", "idle", "fifo", "rr"; "unknown"
 * for any other number. Never freed. */
const char *vcpupin_policy_name(int policy);

/* From the values of sched= and priority= (NULL: 1 with fifo and rr), which fail as
 * those of a vcpupin_request do. */
bool vcpupin_sched_parse(const char *policy, const char *priority, vcpupin_sched *sched,
                         char **error);

/* sched_getscheduler and sched_getparam of a thread. */
bool vcpupin_sched_read(int thread, vcpupin_sched *sched, char **error);

/* The host CPUs of a thread and its scheduling: what an option asks for, or what
 * a thread has. Unlike the kernel's mask it holds no CPU that is not there. */
typedef struct vcpupin_pin vcpupin_pin;

/* What a thread has now. */
vcpupin_pin *vcpupin_pin_read(int thread, char **error);

/* cpus is copied. NULL only when memory is exhausted. */
vcpupin_pin *vcpupin_pin_new(const vcpupin_cpus *cpus, vcpupin_sched sched);

/* Borrowed from pin. */
const vcpupin_cpus *vcpupin_pin_cpus(const vcpupin_pin *pin);
const vcpupin_sched *vcpupin_pin_sched(const vcpupin_pin *pin);

bool vcpupin_pin_equal(const vcpupin_pin *a, const vcpupin_pin *b);
void vcpupin_pin_free(vcpupin_pin *pin);

/* Which CPUs a host has, which are online, and which this process may use. */
typedef struct vcpupin_host vcpupin_host;

/*
 * Reads the host. root is NULL for the live host, or a folder that holds a
 * captured one.
 *   present, online: ROOT/sys/devices/system/cpu/{present,online}.
 *   allowed: live, what the kernel leaves when a thread of ours asks for every
 *   CPU, which is the cpuset's effective set, however narrow the affinity we
 *   were started with; where the kernel refuses to change affinity (a seccomp
 *   filter), the calling thread's own affinity. Captured, Cpus_allowed_list of
 *   ROOT/proc/self/status, or the online CPUs where that file is missing.
 * Fails when a file cannot be read or parsed (naming it), and, with root NULL,
 * on a host system other than Linux.
 */
vcpupin_host *vcpupin_host_read(const char *root, char **error);

/* Borrowed from host. */
const vcpupin_cpus *vcpupin_host_present(const vcpupin_host *host);
const vcpupin_cpus *vcpupin_host_online(const vcpupin_host *host);
const vcpupin_cpus *vcpupin_host_allowed(const vcpupin_host *host);

/* False if any of cpus is absent, offline, or not allowed (looked for in that
 * order); the message names the lowest such CPU, and the set it is not in. */
bool vcpupin_host_check(const vcpupin_host *host, const vcpupin_cpus *cpus, char **error);

void vcpupin_host_free(vcpupin_host *host);

/* Which pins were asked for. A table never holds a pin that was not checked. */
typedef struct vcpupin_table vcpupin_table;

/*
 * An empty table for a machine of max_vcpus vCPUs on host, in a process that was
 * started with the pin start: its scheduling is that of every pin that names none.
 * shared_thread says that all vCPUs run on one thread, so that all pins must be
 * alike. With a NULL host no CPU is checked: the table is of what was asked, wherever it is
 * to run. Host and start are copied. NULL only when memory is exhausted.
 */
vcpupin_table *vcpupin_table_new(const vcpupin_host *host, const vcpupin_pin *start,
                                 unsigned max_vcpus, bool shared_thread);

/* One option's values as the user typed them. A missing value is NULL. */
typedef struct vcpupin_request {
  const char *name;            /* vCPU number or iothread ID; not read for the emulator */
  const char *const *affinity; /* n_affinity CPU lists; the pin is their union */
  size_t n_affinity;
  const char *sched;    /* other, batch, idle, fifo, rr; NULL: as the process was started */
  const char *priority; /* 1..99, with fifo and rr only; NULL: 1 */
} vcpupin_request;

/*
 * Each of these pins one role. All fail on: value missing; any failure of
 * vcpupin_cpus_parse or vcpupin_host_check; unknown policy; priority that is not
 * in range, or without fifo or rr; what was pinned before (naming that pin).
 * The first fails also on a vCPU that is no number or out of range (naming the
 * range), and with shared_thread on a pin that differs from the first one. The
 * number of the vCPU is stored in *vcpu unless that is NULL.
 */
bool vcpupin_table_add_vcpu(vcpupin_table *table, const vcpupin_request *request, unsigned *vcpu,
                            char **error);
bool vcpupin_table_add_iothread(vcpupin_table *table, const vcpupin_request *request, char **error);
bool vcpupin_table_add_emulator(vcpupin_table *table, const vcpupin_request *request, char **error);

/*
 * What a thread of that role must have, borrowed from table; NULL where that is
 * what it inherits. A vCPU that was given no pin has the start pin if the
 * emulator was given one, else NULL. With shared_thread one vCPU's pin is every
 * vCPU's: a thread has only one mask.
 */
const vcpupin_pin *vcpupin_table_vcpu(const vcpupin_table *table, unsigned vcpu);
const vcpupin_pin *vcpupin_table_iothread(const vcpupin_table *table, const char *id);
const vcpupin_pin *vcpupin_table_emulator(const vcpupin_table *table);

/*
 * What is allowed and still a mistake, one line each, in an array that ends with
 * NULL; NULL itself when memory is exhausted. Several vCPUs pinned to one and
 * the same CPU; an emulator whose every CPU is some vCPU's too. To be freed by
 * vcpupin_warnings_free().
 */
char **vcpupin_table_warnings(const vcpupin_table *table);
void vcpupin_warnings_free(char **warnings);

void vcpupin_table_free(vcpupin_table *table);

/*
 * Gives a thread its pin, first the mask and then the scheduling, and reads the
 * mask back from the kernel. A thread that has the mask already is pinned all
 * the same, because a mask that was only inherited grows when the cpuset does;
 * but where pinning is not permitted (EPERM, EACCES) that it has the mask is
 * enough. Fails when the kernel refuses, saying what would allow it, and when
 * the kernel gives another mask than asked (both masks named). The thread then
 * has what it had before, if the kernel allows that.
 */
bool vcpupin_apply(int thread, const vcpupin_pin *pin, char **error);

/* The same for the mask alone. */
bool vcpupin_apply_cpus(int thread, const vcpupin_cpus *cpus, char **error);

/*
 * The same for every thread of this process except those named: with pin's
 * scheduling too, or with cpus alone. Threads that start or end meanwhile are
 * no error, and are pinned if they last. On failure all have what they had before.
 */
bool vcpupin_apply_all(const vcpupin_pin *pin, const int *except, size_t n_except, char **error);
bool vcpupin_apply_cpus_all(const vcpupin_cpus *cpus, const int *except, size_t n_except,
                            char **error);

/*
 * Gives the emulator's pin to every stray thread: a thread of this process that
 * inherited the affinity or the real-time scheduling of a pinned one, and still has
 * it without being one of pinned. Threads that end meanwhile are no error. Stores how
 * many were moved in *moved unless that is NULL. Fails on the first that cannot be
 * moved, naming it.
 */
bool vcpupin_collect_strays(const vcpupin_pin *emulator, const int *pinned, size_t n_pinned,
                            size_t *moved, char **error);

#ifdef __cplusplus
}
#endif

#endif
