/*
 * An open file descriptor, closed with its owner; and the closing of all others.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_FD_H
#define QEMU_PIN_FD_H

#include <initializer_list>
#include <unistd.h>
#include <utility>

namespace qemu_pin {

class Fd {
public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd &&other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd &operator=(Fd &&other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Fd(const Fd &) = delete;
  Fd &operator=(const Fd &) = delete;
  ~Fd() {
    if (number_ >= 0)
      close(number_);
  }

  /* False when open() and its like have failed: they give -1. */
  explicit operator bool() const { return number_ >= 0; }
  int number() const { return number_; }

private:
  int number_ = -1;
};

/* Closes every descriptor of this process but these. */
void close_all_but(std::initializer_list<int> kept);

} // namespace qemu_pin

#endif
