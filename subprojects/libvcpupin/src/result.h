/*
 * How the library fails inside: as a value, so that a caller cannot take what
 * is not there. A function that gives nothing back returns
 * std::optional<Error>, which is empty when all went well.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VCPUPIN_RESULT_H
#define VCPUPIN_RESULT_H

#include <string>
#include <utility>
#include <variant>

namespace vcpupin {

/* One line of English, without a newline or a final period. */
struct Error {
  std::string message;
};

/* A T, or why there is none. */
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : content_(std::move(value)) {}
  Result(Error error) : content_(std::move(error)) {}

  explicit operator bool() const { return std::holds_alternative<T>(content_); }
  T &operator*() { return std::get<T>(content_); }
  const T &operator*() const { return std::get<T>(content_); }
  T *operator->() { return &std::get<T>(content_); }
  const Error &error() const { return std::get<Error>(content_); }

private:
  std::variant<T, Error> content_;
};

} // namespace vcpupin

#endif
