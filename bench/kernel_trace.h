/*
 * What the kernel saw of us and of all that we start: the creation of threads, masks that were
 * set, calls that run guest code, and who had a CPU when. From the kernel's own tracing
 * (tracefs, Documentation/trace/events.rst in Linux), which stops nobody, as ptrace would.
 *
 *     auto trace = KernelTrace::open();
 *     trace->start();
 *     ...
 *     auto events = trace->stop();
 *
 * It is an instance of its own, in a mount that has no place in the file system; both end
 * with the object. What is traced costs the traced about a microsecond an event.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_KERNEL_TRACE_H
#define BENCH_KERNEL_TRACE_H

#include "base/fd.h"
#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace bench {

struct TraceEvent {
  enum class Kind {
    creation,   /* thread created other */
    set_mask,   /* thread asks for another mask of other (itself too) */
    mask_set,   /* that call has returned; result */
    vcpu_made,  /* thread asks KVM for a vCPU (KVM_CREATE_VCPU) */
    guest_runs, /* thread lets guest code run (KVM_RUN) */
    emulated,   /* KVM runs one instruction of thread's guest itself */
    ioctl_done, /* an ioctl of thread has returned, of whatever kind */
    switched,   /* thread leaves a CPU, other gets it */
  } kind;
  std::int64_t us; /* CLOCK_MONOTONIC */
  pid_t thread;
  pid_t other = 0;
  std::int64_t result = 0;
};

class KernelTrace {
public:
  /* Traces the calling thread, and all that it or these make from now on. Fails when the
   * kernel has no tracing, or does not let us. */
  static qemu_pin::Result<KernelTrace> open();

  KernelTrace(KernelTrace &&other) noexcept
      : mount_(std::move(other.mount_)), instance_(std::exchange(other.instance_, {})) {}
  KernelTrace &operator=(KernelTrace &&other) noexcept {
    std::swap(mount_, other.mount_);
    std::swap(instance_, other.instance_);
    return *this;
  }
  KernelTrace(const KernelTrace &) = delete;
  KernelTrace &operator=(const KernelTrace &) = delete;
  ~KernelTrace();

  /* Forgets what was recorded, and records. */
  std::optional<qemu_pin::Error> start();
  /* What was recorded since, by time. Fails when the kernel had to drop some of it. */
  qemu_pin::Result<std::vector<TraceEvent>> stop();

private:
  KernelTrace(qemu_pin::Fd mount, std::string instance)
      : mount_(std::move(mount)), instance_(std::move(instance)) {}
  std::optional<qemu_pin::Error> set(const std::string &file, const std::string &value) const;

  qemu_pin::Fd mount_;
  std::string instance_; /* its folder; empty: none */
};

/* One line of the kernel's file `trace`; nothing for any other line. */
std::optional<TraceEvent> read_trace_line(const std::string &line);

} // namespace bench

#endif
