/*
 * When a starting QEMU shows its first signs of life: its monitor greets, it answers a first
 * command, and its guest writes to the debug port.
 *
 * The greeting comes of a thread of the monitor's own, before the machine is made; commands
 * are answered by the main loop, when it is. All come on sockets that we listen at, so that each
 * sign wakes us as it comes; nothing is polled, and no file is looked for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_LIFE_SIGNS_H
#define BENCH_LIFE_SIGNS_H

#include "base/fd.h"
#include "base/result.h"
#include "harness/temp_dir.h"
#include "machine/qmp.h"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

class LifeSigns {
public:
  /* Makes the sockets, in a folder that goes with them. */
  static qemu_pin::Result<LifeSigns> listen();

  /* The folder, for what belongs to the same QEMU. */
  const TempDir &folder() const { return folder_; }

  /* What QEMU's command line must hold. */
  std::vector<std::string> options() const;

  /* Until the monitor has sent its first byte; until the guest has. has_ended is asked now
   * and then: after it nothing is waited for. Fail when it has, when a signal came, and after
   * a minute. Time at the first byte is noted whichever of them is waited for. */
  qemu_pin::Result<> wait_greeting(const std::function<bool()> &has_ended);
  qemu_pin::Result<> wait_guest(const std::function<bool()> &has_ended);

  /* Once it has greeted: asks for its capabilities, the least that there is to ask. After that
   * there is wait_answer() and no monitor(). */
  qemu_pin::Result<> ask();
  qemu_pin::Result<> wait_answer(const std::function<bool()> &has_ended);

  /* Notes what has come meanwhile, or comes within that time. Nothing is told of trouble: the
   * next wait has it again. */
  void glance(std::chrono::microseconds timeout);

  /* Once they have come. */
  Clock::time_point greeted() const { return *monitor_.first; }
  Clock::time_point answered() const { return *answer_.first; }
  Clock::time_point guest_wrote() const { return *debug_.first; }

  /* QEMU, who is at the monitor's other end; 0 if it is not there yet. */
  pid_t process() const { return process_; }

  /* Speaks to the monitor, once it has greeted. To be called once. */
  qemu_pin::Result<qemu_pin::Qmp> monitor();

private:
  struct Line {
    std::string path;
    qemu_pin::Fd listener = {};
    qemu_pin::Fd socket = {}; /* QEMU's end answers here */
    std::optional<Clock::time_point> first = {};
  };

  explicit LifeSigns(TempDir folder) : folder_(std::move(folder)) {}
  static qemu_pin::Result<> listen(Line &line);
  qemu_pin::Result<> take(Line &line);
  qemu_pin::Result<bool> look(std::chrono::microseconds timeout);
  qemu_pin::Result<> wait(const Line &line, const std::function<bool()> &has_ended);

  TempDir folder_;
  Line monitor_, debug_;
  Line answer_; /* has the monitor's socket, once it is asked */
  pid_t process_ = 0;
};

/* In milliseconds, microseconds. */
double ms_between(Clock::time_point from, Clock::time_point to);
std::int64_t us_since_boot(Clock::time_point when);

} // namespace bench

#endif
