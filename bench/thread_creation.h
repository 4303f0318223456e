/*
 * What the kernel's trace says of one thread between its creation and its pin.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_THREAD_CREATION_H
#define BENCH_THREAD_CREATION_H

#include "base/result.h"
#include "kernel_trace.h"

#include <cstdint>
#include <optional>
#include <span>
#include <sys/types.h>

namespace bench {

/* All in microseconds, by the trace's clock. */
struct ThreadCreation {
  std::int64_t created; /* its creator is about to let it run */
  std::int64_t pinned;  /* the last call that set its mask has returned */
};

/* Fails when the trace does not have its creation, or no call that set its mask. */
qemu_pin::Result<ThreadCreation> creation_of(std::span<const TraceEvent> events, pid_t thread);

/* When it was created, and when it asked for its vCPU; nothing if the trace has not both. */
struct CreationToVcpu {
  std::int64_t created, vcpu_made;
};
std::optional<CreationToVcpu> creation_to_vcpu(std::span<const TraceEvent> events, pid_t thread);

/* How long it had a CPU from then until then. */
std::int64_t cpu_time(std::span<const TraceEvent> events, pid_t thread, std::int64_t from,
                      std::int64_t to);

/* How long of that it was in KVM_RUN: guest code, and what KVM does for it. */
std::int64_t guest_time(std::span<const TraceEvent> events, pid_t thread, std::int64_t from,
                        std::int64_t to);

/* How many events of that kind it had: KVM_RUN is guest_runs. */
unsigned count_of(std::span<const TraceEvent> events, TraceEvent::Kind kind, pid_t thread,
                  std::int64_t from, std::int64_t to);

} // namespace bench

#endif
