/*
 * A client of QEMU's monitor protocol (QMP) on a unix socket.
 *
 *     auto monitor = Qmp::connect("/run/vm.qmp", 5s);
 *     auto vcpus = monitor->execute("query-cpus-fast");
 *
 * QEMU serves one client of a socket at a time; another one waits in connect()
 * until its time is up. What comes from the socket is not trusted: it may be cut
 * short, endless, nested without bounds, or no QMP at all, and is then an error.
 *
 * Protocol: docs/interop/qmp-spec in QEMU's source.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_QMP_H
#define QEMU_PIN_QMP_H

#include "base/fd.h"
#include "base/result.h"

#include <chrono>
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace qemu_pin {

class Qmp {
public:
  /* The longest message taken, in bytes: query-cpus-fast for 8,192 vCPUs is 2 MB. */
  static constexpr std::size_t max_message = 16U << 20;
  /* The deepest nesting taken; QEMU's own parser has the same bound. */
  static constexpr int max_depth = 1024;

  /*
   * Connects, reads the greeting and leaves capability negotiation. timeout is
   * for all of that, and later for each execute().
   */
  static Result<Qmp> connect(const std::string &socket_path, std::chrono::milliseconds timeout);

  /* The same on a stream socket that is connected already. */
  static Result<Qmp> negotiate(Fd socket, std::chrono::milliseconds timeout);

  /*
   * Runs one command and returns what is under "return". Events that come before
   * the answer are skipped. Fails when QEMU refuses the command (its description
   * is the message), and when no proper answer comes in time. After the latter
   * the connection cannot be trusted any more, and every execute() fails.
   */
  Result<nlohmann::json> execute(std::string_view command);
  Result<nlohmann::json> execute(std::string_view command, const nlohmann::json &arguments);

private:
  using Deadline = std::chrono::steady_clock::time_point;

  Qmp(Fd socket, std::chrono::milliseconds timeout)
      : socket_(std::move(socket)), timeout_(timeout) {}

  Result<nlohmann::json> ask(const nlohmann::json &command);
  Result<std::string> send(std::string_view text, Deadline deadline);
  Result<std::string> read_line(Deadline deadline);
  Result<nlohmann::json> read_message(Deadline deadline);

  Fd socket_;
  std::chrono::milliseconds timeout_;
  std::string received_; /* bytes that belong to messages not yet read */
  std::string broken_;   /* why the connection cannot be used any more, or empty */
  unsigned next_id_ = 1;
};

} // namespace qemu_pin

#endif
