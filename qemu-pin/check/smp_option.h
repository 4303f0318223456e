/*
 * How many vCPUs QEMU makes of -smp and -machine smp.*, and in which sockets, cores and threads.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_SMP_OPTION_H
#define QEMU_PIN_SMP_OPTION_H

#include "base/result.h"
#include "pins/option_pieces.h"
#include "pins/pin_plan.h"

#include <map>
#include <string>
#include <vector>

namespace qemu_pin {

/* What QEMU makes of the numbers. vCPU n is thread n % threads of core n / threads % cores, and
 * so on up to the sockets. */
struct SmpCounts {
  unsigned present = 1; /* vCPUs that are there from the start: 0 to present-1 */
  unsigned all = 1;     /* maxcpus */
  unsigned drawers = 1, books = 1, sockets = 1, dies = 1, clusters = 1, modules = 1, cores = 1,
           threads = 1;

  /* In the words of plans: all that is above a core is a socket. */
  GuestTopology topology() const;
};

/* The numbers as given, by key. A key that is given again replaces its earlier number. */
class SmpOption {
public:
  /* Fails on a key that -smp does not have and on a value that is not a number of at least 1. */
  Result<> add(const std::string &key, const std::string &value);

  /* Completes the numbers as QEMU does. prefers_sockets: machines before 6.2 make up sockets
   * where those of later versions make up cores. Fails on numbers that QEMU refuses. */
  Result<SmpCounts> counts(bool prefers_sockets) const;

  bool empty() const { return given_.empty(); }

private:
  unsigned given(const char *key) const;

  std::map<std::string, unsigned> given_;
};

} // namespace qemu_pin

#endif
