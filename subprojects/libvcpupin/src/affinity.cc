/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "affinity.h"

#ifdef __linux__

#include "cpu_list.h"
#include "message.h"
#include "vcpupin.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <sched.h>
#include <string>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace vcpupin {
namespace {

/* A mask as the kernel takes it, for as many CPUs as needed: a plain cpu_set_t ends at
 * CPU 1,023. Up to there nothing is allocated: a new thread's first allocation costs it
 * more than its pin does. */
class KernelMask {
public:
  explicit KernelMask(unsigned n_cpus)
      : bytes_(CPU_ALLOC_SIZE(n_cpus)), many_(n_cpus > CPU_SETSIZE ? CPU_ALLOC(n_cpus) : nullptr) {
    if (n_cpus > CPU_SETSIZE && !many_)
      throw std::bad_alloc();
    CPU_ZERO_S(bytes_, bits());
  }

  explicit KernelMask(const CpuSet &cpus) : KernelMask(cpus.end()) {
    for (auto cpu = cpus.next_in(0); cpu; cpu = cpus.next_in(*cpu + 1))
      CPU_SET_S(*cpu, bytes_, bits());
  }

  CpuSet cpus() const {
    CpuSet set;
    int left = CPU_COUNT_S(bytes_, bits());
    for (unsigned cpu = 0; left > 0; ++cpu) {
      if (CPU_ISSET_S(cpu, bytes_, bits())) {
        set.add(cpu);
        --left;
      }
    }
    return set;
  }

  bool operator==(const CpuSet &cpus) const {
    for (auto cpu = cpus.next_in(0); cpu; cpu = cpus.next_in(*cpu + 1))
      if (!CPU_ISSET_S(*cpu, bytes_, bits()))
        return false;
    return static_cast<std::size_t>(CPU_COUNT_S(bytes_, bits())) == cpus.count();
  }

  void fill() { std::memset(bits(), 0xff, bytes_); }

  /* Both return 0 or an error number. */
  int read(int thread) { return sched_getaffinity(thread, bytes_, bits()) == 0 ? 0 : errno; }
  int write(int thread) const { return sched_setaffinity(thread, bytes_, bits()) == 0 ? 0 : errno; }

private:
  struct Free {
    void operator()(cpu_set_t *bits) const { CPU_FREE(bits); }
  };

  cpu_set_t *bits() { return many_ ? many_.get() : &few_; }
  const cpu_set_t *bits() const { return many_ ? many_.get() : &few_; }

  std::size_t bytes_;
  cpu_set_t few_;
  std::unique_ptr<cpu_set_t, Free> many_; /* none: few_ is enough */
};

/* The kernel does not say how many CPUs its masks have; it answers EINVAL to a
 * buffer that is too small. */
Result<KernelMask> read_mask(int thread) {
  int cause = EINVAL;
  for (unsigned n_cpus = 1024; cause == EINVAL && n_cpus <= VCPUPIN_CPU_MAX + 1; n_cpus *= 2) {
    KernelMask mask(n_cpus);
    cause = mask.read(thread);
    if (cause == 0)
      return mask;
  }
  return Error{"cannot read which host CPUs this thread may use: " + errno_words(cause)};
}

bool is_ours(int thread) {
  return thread == 0 || access(("/proc/self/task/" + std::to_string(thread)).c_str(), F_OK) == 0;
}

Error refusal(int thread, const CpuSet &asked, int cause) {
  const bool ours = is_ours(thread);
  std::string why = errno_words(cause);
  if ((cause == EPERM || cause == EACCES) && !ours)
    why += " (this needs the user of its process, or the capability CAP_SYS_NICE; a seccomp filter "
           "or a security module may forbid it too)";
  else if (cause == EPERM || cause == EACCES)
    /* Unlike another's, one's own affinity is everyone's to change: who says no
     * is not the scheduler, and running as root would not help. */
    why += " (this needs no capability; a seccomp filter or a security module must permit "
           "sched_setaffinity)";
  else if (cause == EINVAL)
    why = std::string("no such CPU is online in ") + (ours ? "this" : "its") + " process's cpuset";
  return {"the kernel refuses to pin this thread to host " + name_cpus(asked) + ": " + why};
}

} // namespace

Result<CpuSet> read_affinity(int thread) {
  Result<KernelMask> mask = read_mask(thread);
  if (!mask)
    return mask.error();
  return mask->cpus();
}

Result<CpuSet> read_widest_affinity() {
  Result<CpuSet> widest = CpuSet{};
  try {
    /* A thread of our own, so that no moment passes in which the caller's runs
     * where it should not. */
    std::thread([&widest] {
      try {
        Result<KernelMask> mask = read_mask(0);
        if (mask) {
          mask->fill();
          /* A refusal is no failure: the mask stays what it was, and a new
           * thread's is its creator's. */
          static_cast<void>(mask->write(0));
        }
        widest = read_affinity(0);
      } catch (const std::bad_alloc &) {
        widest = Error{};
      }
    }).join();
  } catch (const std::system_error &cause) {
    return Error{"cannot start a thread to learn which host CPUs this process may use: " +
                 errno_words(cause.code().value())};
  }
  if (!widest && widest.error().message.empty())
    throw std::bad_alloc();
  return widest;
}

std::optional<Error> apply_affinity(int thread, const CpuSet &asked) {
  Result<KernelMask> former = read_mask(thread);
  if (!former)
    return former.error();
  /* Also where the mask is right already: one that was only inherited grows with
   * the cpuset, one that was set stays. */
  if (const int cause = KernelMask(asked).write(thread); cause != 0) {
    /* A sandbox may forbid the call where the thread has inherited the right mask. */
    if ((cause == EPERM || cause == EACCES) && *former == asked)
      return std::nullopt;
    return refusal(thread, asked, cause);
  }

  /* The kernel drops what the cpuset lacks, without a word. */
  Result<KernelMask> given = read_mask(thread);
  if (given && *given == asked)
    return std::nullopt;
  std::string message = given ? "asked for host " + name_cpus(asked) + ", the kernel gave only " +
                                    format_cpu_list(given->cpus())
                              : given.error().message;
  if (const int cause = former->write(thread); cause != 0)
    message += "; the former " + format_cpu_list(former->cpus()) +
               " cannot be put back: " + errno_words(cause);
  return Error{message};
}

} // namespace vcpupin

#else

namespace vcpupin {
namespace {

Error not_linux() {
  return {"pinning needs a Linux host"};
}

} // namespace

Result<CpuSet> read_affinity(int) {
  return not_linux();
}

Result<CpuSet> read_widest_affinity() {
  return not_linux();
}

std::optional<Error> apply_affinity(int, const CpuSet &) {
  return not_linux();
}

} // namespace vcpupin

#endif
