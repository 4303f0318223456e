/*
 * libvcpupin: which host CPUs a thread may run on.
 *
 * The one place that reads and writes CPU lists, keeps the pin table, knows
 * which host CPUs may be used, and asks the kernel to pin. It knows nothing
 * of QEMU. C++20 inside, C outside.
 *
 * Order of use:
 *     host = vcpupin_host_read(NULL, &error);           the host, read once
 *     table = vcpupin_table_new(host, max_vcpus, ...);  an empty table
 *     vcpupin_table_add_vcpu(table, "0", ...);          each request, checked at once
 *     vcpupin_apply(vcpupin_table_vcpu(table, 0), ...); in the vCPU's own thread
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
 * numbered 0..max_vcpus-1 (QEMU: cpu_index).
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

vcpupin_cpus *vcpupin_cpus_copy(const vcpupin_cpus *cpus, char **error);
size_t vcpupin_cpus_count(const vcpupin_cpus *cpus);
bool vcpupin_cpus_contains(const vcpupin_cpus *cpus, unsigned cpu);
bool vcpupin_cpus_equal(const vcpupin_cpus *a, const vcpupin_cpus *b);
void vcpupin_cpus_free(vcpupin_cpus *cpus);

/* The CPUs that the calling thread may run on now (sched_getaffinity). */
vcpupin_cpus *vcpupin_cpus_read_affinity(char **error);

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
 * An empty table for a machine of max_vcpus vCPUs on host. shared_thread says
 * that all vCPUs run on one thread, so that all pins must be alike. The host is
 * copied. NULL only when memory is exhausted.
 */
vcpupin_table *vcpupin_table_new(const vcpupin_host *host, unsigned max_vcpus, bool shared_thread);

/*
 * Pins one vCPU. vcpunum and affinity are option values as the user typed them;
 * the pin is the union of the n_affinity CPU lists. vcpunum may be NULL and
 * n_affinity 0: a missing value is one of the errors. Fails on: value missing;
 * vcpunum not a number; vCPU out of range (naming the range); vCPU pinned twice
 * (naming the first pin); any failure of vcpupin_cpus_parse or
 * vcpupin_host_check; with shared_thread, a pin that differs from the first.
 * The number of the vCPU is stored in *vcpu unless that is NULL.
 */
bool vcpupin_table_add_vcpu(vcpupin_table *table, const char *vcpunum, const char *const *affinity,
                            size_t n_affinity, unsigned *vcpu, char **error);

/* The pin of one vCPU, borrowed from table, or NULL if it was given none. With
 * shared_thread one pin is every vCPU's: a thread has only one mask. */
const vcpupin_cpus *vcpupin_table_vcpu(const vcpupin_table *table, unsigned vcpu);

void vcpupin_table_free(vcpupin_table *table);

/*
 * Pins the calling thread and reads the mask back from the kernel. A thread
 * that has the mask already is pinned all the same, because a mask that was only
 * inherited grows when the cpuset does; but where it may not pin itself (EPERM,
 * EACCES) that it has the mask is enough. Fails when the kernel refuses, saying
 * what would allow it, and when the kernel gives another mask than asked (both
 * masks named; the thread then has its former mask again, if the kernel allows
 * that).
 */
bool vcpupin_apply(const vcpupin_cpus *cpus, char **error);

#ifdef __cplusplus
}
#endif

#endif
