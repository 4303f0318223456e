/*
 * A terminal's screen that is drawn anew time and again, and given back as it was:
 * on its alternate screen where it has one, by ncurses.
 *
 *     if (auto screen = WatchScreen::open())
 *       for (;;) { screen->draw(...); if (screen->wait(...) == WatchScreen::leave) break; }
 *
 * While there is one, the signals that end a program are taken by wait(), so that
 * nothing leaves the terminal unusable.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_WATCH_SCREEN_H
#define QEMU_PIN_WATCH_SCREEN_H

#include "base/fd.h"
#include "observe/thread_table.h"

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <memory>
#include <poll.h>
#include <vector>

namespace qemu_pin {

class WatchScreen {
public:
  enum Event { time_is_up, resized, leave, ended /* one of what was waited for besides */ };

  /* Null if standard output is no terminal, or one that cannot be drawn on. */
  static std::unique_ptr<WatchScreen> open();

  WatchScreen(const WatchScreen &) = delete;
  WatchScreen &operator=(const WatchScreen &) = delete;
  ~WatchScreen();

  std::size_t width() const;
  std::size_t height() const;
  Bars bars() const { return bars_; }

  void draw(const std::vector<Line> &lines);

  /* Until then, or the user or one of the descriptors (readable) has something. */
  Event wait(std::chrono::steady_clock::time_point until, const std::vector<int> &descriptors);

  /* The signal that made wait() say leave, for the program to end by once the screen is
   * given back; 0: q or Ctrl-C did, which is no failure. */
  int signal() const { return signal_; }

private:
  WatchScreen() = default;
  Event read_signal();
  Event read_keys();

  sigset_t former_signals_{};
  std::array<struct sigaction, 4> former_actions_{};
  Fd signals_;
  void *screen_ = nullptr; /* ncurses' SCREEN, whose header defines far too many words */
  bool has_keys_ = false, has_colours_ = false;
  Bars bars_ = Bars::ascii;
  int signal_ = 0;
};

/* poll(2) until one of the descriptors is readable: true; or the time is up: false. */
bool wait_readable(std::vector<pollfd> &descriptors, std::chrono::steady_clock::time_point until);

} // namespace qemu_pin

#endif
