/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sched.h"

#include "cpu_list.h"
#include "message.h"

#include <algorithm>
#include <array>
#include <string_view>

#ifdef __linux__
#include <cerrno>
#include <sched.h>
#include <sys/resource.h>
#endif

namespace vcpupin {
namespace {

struct Policy {
  const char *name;
  int number; /* sched(7); the kernel's, so that they mean the same on any system */
  bool real_time;
};

constexpr std::array<Policy, 5> policies = {{{"other", 0, false},
                                             {"batch", 3, false},
                                             {"idle", 5, false},
                                             {"fifo", 1, true},
                                             {"rr", 2, true}}};

constexpr unsigned max_priority = 99;

Result<int> parse_priority(std::string_view text) {
  const std::optional<std::uint64_t> number = parse_number(text);
  if (!number)
    return Error{"priority: " + quoted(text) + " is not a number"};
  if (*number < 1 || *number > max_priority)
    return Error{"priority: " + shortened(text) + " is out of range (1-99)"};
  return static_cast<int>(*number);
}

} // namespace

Result<Sched> parse_sched(const char *policy, const char *priority, const Sched &start) {
  if (policy == nullptr) {
    if (priority != nullptr)
      return Error{"priority is given without sched=fifo or sched=rr"};
    return start;
  }
  const auto *const found =
      std::find_if(policies.begin(), policies.end(),
                   [&](const Policy &known) { return std::string_view(policy) == known.name; });
  if (found == policies.end())
    return Error{"sched: " + quoted(policy) + " is not one of other, batch, idle, fifo, rr"};
  Sched sched{{found->number, found->real_time ? 1 : 0}};
  if (priority != nullptr) {
    Result<int> number = parse_priority(priority);
    if (!number)
      return number.error();
    if (!found->real_time)
      return Error{"priority is for fifo and rr only, not for " + std::string(found->name)};
    sched.priority = *number;
  }
  return sched;
}

const char *policy_name(int policy) {
  for (const Policy &known : policies) {
    if (known.number == policy)
      return known.name;
  }
  return "unknown";
}

std::string name_sched(const Sched &sched) {
  std::string name = policy_name(sched.policy);
  if (sched.real_time())
    name += ", priority " + std::to_string(sched.priority);
  return name;
}

#ifdef __linux__

namespace {

/* What would allow it: sched(7), "Privileges and resource limits". */
std::string remedy(const Sched &asked) {
  if (!asked.real_time())
    return "this needs the capability CAP_SYS_NICE";
  rlimit limit{};
  std::string text = "this needs the capability CAP_SYS_NICE, or RLIMIT_RTPRIO of " +
                     std::to_string(asked.priority) + " or more";
  if (getrlimit(RLIMIT_RTPRIO, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    text += ", which is " + std::to_string(limit.rlim_cur);
  return text + "; a cgroup or a seccomp filter may forbid it too";
}

} // namespace

Result<Sched> read_sched(int thread) {
  sched_param parameters{};
  const int reported = sched_getscheduler(thread);
  /* A flag that the kernel reports with the policy, and no policy itself. */
  const int policy = reported & ~SCHED_RESET_ON_FORK;
  /* The others have no priority. */
  const bool real_time = policy == SCHED_FIFO || policy == SCHED_RR;
  if (reported < 0 || (real_time && sched_getparam(thread, &parameters) != 0))
    return Error{"cannot read how a thread is scheduled: " + errno_words(errno)};
  return Sched{{policy, parameters.sched_priority}};
}

Result<> apply_sched(int thread, const Sched &asked) {
  Result<Sched> former = read_sched(thread);
  if (!former)
    return former.error();
  if (*former == asked)
    return {};
  sched_param parameters{};
  parameters.sched_priority = asked.priority;
  if (sched_setscheduler(thread, asked.policy, &parameters) == 0)
    return {};
  const int cause = errno;
  return Error{"the kernel refuses to schedule this thread as " + name_sched(asked) + ": " +
               errno_words(cause) + (cause == EPERM ? " (" + remedy(asked) + ")" : "")};
}

#else

Result<Sched> read_sched(int) {
  return Error{"pinning needs a Linux host"};
}

Result<> apply_sched(int, const Sched &) {
  return Error{"pinning needs a Linux host"};
}

#endif

} // namespace vcpupin
