/*
 * Processes that want a CPU each, all the time: what else a host may be doing. They are
 * children of ours that spin; they end with this object, and when we crash.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_HOGS_H
#define BENCH_HOGS_H

#include "base/result.h"
#include "harness/child.h"

#include <sys/types.h>
#include <vector>

namespace bench {

class Hogs {
public:
  /* They may run where we may; 0 is none. Call it while we have one thread. */
  static qemu_pin::Result<Hogs> start(unsigned number);

  std::vector<pid_t> ids() const;

  /* All of them. */
  bool running();

private:
  std::vector<Child> hogs_;
};

} // namespace bench

#endif
