/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/qmp.h"

#include "base/json.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace qemu_pin {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

const Error out_of_time{"QMP: no answer in time"};

/* Waits until the socket is ready for what events asks, or is hung up. */
std::optional<Error> wait_for(const Fd &socket, short events, steady_clock::time_point deadline) {
  for (;;) {
    auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (left <= milliseconds::zero())
      return out_of_time;
    pollfd ready{socket.number(), events, 0};
    int n = poll(&ready, 1, static_cast<int>(left.count()));
    if (n > 0)
      return std::nullopt;
    if (n < 0 && errno != EINTR)
      return system_error("QMP: poll", errno);
  }
}

bool would_block(int number) {
  return number == EAGAIN || number == EWOULDBLOCK;
}

Result<json> parse(std::string_view text) {
  JsonText read = parse_json(text, Qmp::max_depth);
  if (read.is_too_deep)
    return Error{"QMP: a message nested deeper than " + std::to_string(Qmp::max_depth)};
  if (!read.json)
    return Error{"QMP: a message that is not JSON"};
  if (!read.json->is_object())
    return Error{"QMP: a message that is not an object"};
  return std::move(*read.json);
}

/* What QEMU says in {"error": {"desc": ...}}, or nothing if that is malformed. */
std::optional<std::string> refusal(const json &reply) {
  auto error = reply.find("error");
  if (error == reply.end() || !error->is_object())
    return std::nullopt;
  auto description = error->find("desc");
  if (description == error->end() || !description->is_string())
    return std::nullopt;
  return description->get<std::string>();
}

} // namespace

Result<Qmp> Qmp::connect(const std::string &socket_path, milliseconds timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path)
    return Error{"QMP: the socket's path is longer than " +
                 std::to_string(sizeof address.sun_path - 1) + " bytes: " + socket_path};
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);

  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket)
    return system_error("QMP: socket", errno);
  if (::connect(socket.number(), reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
    return system_error("QMP: " + socket_path, errno);
  return negotiate(std::move(socket), timeout);
}

Result<Qmp> Qmp::negotiate(Fd socket, milliseconds timeout) {
  Qmp qmp(std::move(socket), timeout);
  auto greeting = qmp.read_message(steady_clock::now() + timeout);
  if (!greeting)
    return greeting.error();
  if (!greeting->contains("QMP"))
    return Error{"QMP: the other end does not greet as QEMU does"};
  auto done = qmp.execute("qmp_capabilities");
  if (!done)
    return done.error();
  return qmp;
}

Result<json> Qmp::execute(std::string_view command) {
  return execute(command, json::object());
}

Result<json> Qmp::execute(std::string_view command, const json &arguments) {
  if (!broken_.empty())
    return Error{broken_};
  auto reply = ask({{"execute", command}, {"arguments", arguments}, {"id", next_id_}});
  if (!reply) {
    broken_ = reply.error().message;
    return reply;
  }
  ++next_id_;
  if (auto description = refusal(*reply))
    return Error{*description};
  return std::move((*reply)["return"]);
}

/* Sends one command and returns the message that answers it: one with our id,
 * and either a proper error or something returned. */
Result<json> Qmp::ask(const json &command) {
  const Deadline deadline = steady_clock::now() + timeout_;
  const std::optional<std::string> text = strict_json_line(command);
  if (!text)
    return Error{"QMP: a command that is not UTF-8"};
  auto sent = send(*text + '\n', deadline);
  if (!sent)
    return sent.error();

  for (;;) {
    auto message = read_message(deadline);
    if (!message)
      return message;
    if (message->contains("event"))
      continue;
    auto id = message->find("id");
    bool is_answer = message->contains("return") || refusal(*message);
    if (!is_answer || id == message->end() || *id != next_id_)
      return Error{"QMP: a message that answers nothing"};
    return message;
  }
}

Result<std::string> Qmp::send(std::string_view text, Deadline deadline) {
  while (!text.empty()) {
    ssize_t n = ::send(socket_.number(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0)
      text.remove_prefix(static_cast<std::size_t>(n));
    else if (!would_block(errno) && errno != EINTR)
      return system_error("QMP: send", errno);
    else if (auto error = wait_for(socket_, POLLOUT, deadline))
      return *error;
  }
  return std::string();
}

Result<std::string> Qmp::read_line(Deadline deadline) {
  std::array<char, 65536> buffer; // NOLINT(*-member-init): read before use
  std::size_t searched = 0;
  for (;;) {
    std::size_t end = received_.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return line;
    }
    searched = received_.size();
    if (searched > max_message)
      return Error{"QMP: a message longer than " + std::to_string(max_message) + " bytes"};
    if (auto error = wait_for(socket_, POLLIN, deadline))
      return *error;
    ssize_t n = recv(socket_.number(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n > 0)
      received_.append(buffer.data(), static_cast<std::size_t>(n));
    else if (n == 0)
      return Error{searched ? "QMP: the connection ended in the middle of a message"
                            : "QMP: the connection ended"};
    else if (!would_block(errno) && errno != EINTR)
      return system_error("QMP: receive", errno);
  }
}

Result<json> Qmp::read_message(Deadline deadline) {
  auto line = read_line(deadline);
  if (!line)
    return line.error();
  return parse(*line);
}

} // namespace qemu_pin
