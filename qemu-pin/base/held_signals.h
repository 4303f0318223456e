/*
 * Holds back the signals that ask us to end while the host is being changed; when it goes,
 * those that came take effect.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_HELD_SIGNALS_H
#define QEMU_PIN_HELD_SIGNALS_H

#include <csignal>
#include <initializer_list>

namespace qemu_pin {

class HeldSignals {
public:
  HeldSignals() {
    sigset_t held;
    sigemptyset(&held);
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
      sigaddset(&held, number);
    sigprocmask(SIG_BLOCK, &held, &former_);
  }
  HeldSignals(const HeldSignals &) = delete;
  HeldSignals &operator=(const HeldSignals &) = delete;
  ~HeldSignals() { sigprocmask(SIG_SETMASK, &former_, nullptr); }

private:
  sigset_t former_{};
};

} // namespace qemu_pin

#endif
