/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "thread_creation.h"

#include <algorithm>
#include <fmt/core.h>
#include <map>

using qemu_pin::Error;
using qemu_pin::Result;
using Kind = bench::TraceEvent::Kind;

namespace bench {

namespace {

/* Adds up the time within [from, to] while is_counted holds; it is told of each event first. */
template <typename State>
std::int64_t time_while(std::span<const TraceEvent> events, std::int64_t from, std::int64_t to,
                        State state) {
  std::int64_t sum = 0;
  std::int64_t since = 0;
  bool counts = false;
  auto count_until = [&](std::int64_t end) {
    if (counts)
      sum += std::max<std::int64_t>(0, std::min(end, to) - std::max(since, from));
    since = end;
  };
  for (const TraceEvent &event : events) {
    count_until(event.us);
    counts = state(event);
  }
  count_until(to);
  return sum;
}

bool follow_cpu(const TraceEvent &event, pid_t thread, bool had_it) {
  if (event.kind == Kind::switched && event.other == thread)
    return true;
  if (event.kind == Kind::switched && event.thread == thread)
    return false;
  return had_it;
}

} // namespace

Result<ThreadCreation> creation_of(std::span<const TraceEvent> events, pid_t thread) {
  std::optional<std::int64_t> created;
  std::optional<std::int64_t> pinned;
  std::map<pid_t, pid_t> asking; /* who is in the call -> whose mask it sets */
  for (const TraceEvent &event : events) {
    if (event.kind == Kind::creation && event.other == thread)
      created = event.us;
    if (event.kind == Kind::set_mask)
      asking[event.thread] = event.other;
    if (event.kind == Kind::mask_set && event.result == 0 && asking[event.thread] == thread)
      pinned = event.us;
  }
  if (!created || !pinned)
    return Error{fmt::format("the kernel's trace has no {} of thread {}",
                             created ? "pin" : "creation", thread)};
  return ThreadCreation{*created, *pinned};
}

std::optional<CreationToVcpu> creation_to_vcpu(std::span<const TraceEvent> events, pid_t thread) {
  std::optional<std::int64_t> created;
  for (const TraceEvent &event : events) {
    if (event.kind == Kind::creation && event.other == thread)
      created = event.us;
    if (created && event.kind == Kind::vcpu_made && event.thread == thread)
      return CreationToVcpu{*created, event.us};
  }
  return std::nullopt;
}

std::int64_t cpu_time(std::span<const TraceEvent> events, pid_t thread, std::int64_t from,
                      std::int64_t to) {
  bool on_cpu = false;
  return time_while(events, from, to, [&](const TraceEvent &event) {
    on_cpu = follow_cpu(event, thread, on_cpu);
    return on_cpu;
  });
}

std::int64_t guest_time(std::span<const TraceEvent> events, pid_t thread, std::int64_t from,
                        std::int64_t to) {
  bool on_cpu = false;
  bool in_guest = false;
  return time_while(events, from, to, [&](const TraceEvent &event) {
    on_cpu = follow_cpu(event, thread, on_cpu);
    if (event.thread == thread && event.kind == Kind::guest_runs)
      in_guest = true;
    if (event.thread == thread && event.kind == Kind::ioctl_done)
      in_guest = false;
    return on_cpu && in_guest;
  });
}

unsigned count_of(std::span<const TraceEvent> events, Kind kind, pid_t thread, std::int64_t from,
                  std::int64_t to) {
  return static_cast<unsigned>(
      std::count_if(events.begin(), events.end(), [&](const TraceEvent &event) {
        return event.kind == kind && event.thread == thread && event.us >= from && event.us <= to;
      }));
}

} // namespace bench
