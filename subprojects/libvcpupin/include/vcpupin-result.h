/*
 * How a function fails: as a value, which the compiler does not let fall. C++ only; for
 * libvcpupin's own sources and for qemu-pin's, which fail alike.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VCPUPIN_RESULT_H
#define VCPUPIN_RESULT_H

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace vcpupin {

struct Error {
  std::string message; /* one line of English, without a newline or a final period */
  int number = 0;      /* errno of the call that failed; 0: none did */
};

/* A T, or why there is none. Result<> is for functions that give nothing back: {} is success. */
template <typename T = void> class [[nodiscard]] Result : public tl::expected<T, Error> {
public:
  using tl::expected<T, Error>::expected;
  Result(Error error) : tl::expected<T, Error>(tl::unexpect, std::move(error)) {}
};

} // namespace vcpupin

#endif
