/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/qemu_help.h"

#include "base/pipe.h"
#include "run/child_process.h"

#include <algorithm>
#include <array>
#include <optional>
#include <poll.h>
#include <string_view>

namespace qemu_pin {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/* What comes from a pipe until its writers are gone; nothing when the time is up. */
std::optional<std::string> read_all(const Fd &pipe, steady_clock::time_point deadline) {
  std::string text;
  std::array<char, 65536> buffer; // NOLINT(*-member-init): read before use
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    pollfd ready{pipe.number(), POLLIN, 0};
    const int n = poll(&ready, 1, static_cast<int>(std::max<milliseconds::rep>(0, left.count())));
    if (n == 0)
      return std::nullopt;
    const ssize_t length = n < 0 ? -1 : read(pipe.number(), buffer.data(), buffer.size());
    if (length == 0)
      return text;
    if (length > 0)
      text.append(buffer.data(), static_cast<std::size_t>(length));
  }
}

} // namespace

Result<bool> is_patched(const std::string &program, milliseconds timeout) {
  auto output = make_pipe();
  if (!output)
    return output.error();
  auto qemu = ChildProcess::start(
      {.argv = {program, "-help"}, .output = output->writing.number(), .death_signal = SIGKILL});
  if (!qemu)
    return qemu.error();
  output->writing = Fd();
  const auto text = read_all(output->reading, steady_clock::now() + timeout);
  if (!text)
    return Error{program + " -help does not end"};
  return text->find("\n-emulatorpin ") != std::string::npos;
}

} // namespace qemu_pin
