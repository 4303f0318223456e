/*
 * How qemu-pin's parts fail: as a value, with a message for the person who
 * called. A function that gives nothing back returns std::optional<Error>,
 * empty when all went well.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_RESULT_H
#define QEMU_PIN_RESULT_H

#include <functional>
#include <string>
#include <utility>
#include <variant>

namespace qemu_pin {

/* One line of English, without a newline or a final period. */
struct Error {
  std::string message;
};

/* "what: No such file or directory", for the errno given. */
Error system_error(const std::string &what, int number);

/* Tells the person who called what a function cannot return; gives the exit status that
 * belongs to it. */
using Report = std::function<int(const std::string &message)>;

/* A T, or why there is none. */
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : content_(std::move(value)) {}
  Result(Error error) : content_(std::move(error)) {}

  explicit operator bool() const { return std::holds_alternative<T>(content_); }
  T &operator*() { return std::get<T>(content_); }
  const T &operator*() const { return std::get<T>(content_); }
  T *operator->() { return &std::get<T>(content_); }
  const T *operator->() const { return &std::get<T>(content_); }
  const Error &error() const { return std::get<Error>(content_); }

private:
  std::variant<T, Error> content_;
};

} // namespace qemu_pin

#endif
