/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/pipe.h"

#include <array>
#include <cerrno>
#include <fcntl.h>

namespace qemu_pin {

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return system_error("pipe", errno);
  const Fd reading(ends[0]), writing(ends[1]);
  Pipe pipe{above_streams(reading), above_streams(writing)};
  if (!pipe.reading || !pipe.writing)
    return system_error("pipe", errno);
  return pipe;
}

Fd above_streams(const Fd &file) {
  return Fd(fcntl(file.number(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

} // namespace qemu_pin
