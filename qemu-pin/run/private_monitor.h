/*
 * A monitor of a QEMU that we start, which nobody else can reach and of which nothing
 * is left: one end of a socket pair is QEMU's, and no path ever names it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PRIVATE_MONITOR_H
#define QEMU_PIN_PRIVATE_MONITOR_H

#include "base/fd.h"
#include "base/result.h"

#include <string>
#include <vector>

namespace qemu_pin {

class PrivateMonitor {
public:
  PrivateMonitor() = default; /* none */
  static Result<PrivateMonitor> make();

  /* What QEMU's command line is to hold besides, and the descriptors that QEMU needs for it. */
  std::vector<std::string> options() const;
  std::vector<int> descriptors() const { return {theirs_.number(), config_.number()}; }

  /* Once QEMU has been started: our end, and no other is open here. */
  Fd take();

private:
  Fd ours_, theirs_, config_;
};

} // namespace qemu_pin

#endif
