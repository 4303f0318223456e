/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "life_signs.h"

#include "interruption.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>

using namespace std::chrono_literals;
using qemu_pin::Error;
using qemu_pin::Fd;
using qemu_pin::Result;
using qemu_pin::system_error;

namespace bench {

namespace {

constexpr auto patience = 60s;
constexpr auto between_looks =
    50ms; /* how often we look whether all this is still worth waiting for */

} // namespace

Result<LifeSigns> LifeSigns::listen() {
  auto folder = TempDir::make();
  if (!folder)
    return folder.error();
  LifeSigns signs(std::move(*folder));
  signs.monitor_.path = signs.folder_.file("monitor");
  signs.debug_.path = signs.folder_.file("debug");
  for (Line *line : {&signs.monitor_, &signs.debug_})
    if (auto result = listen(*line); !result)
      return result.error();
  return signs;
}

Result<> LifeSigns::listen(Line &line) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (line.path.size() >= sizeof address.sun_path)
    return Error{line.path + ": too long for a socket"};
  std::memcpy(address.sun_path, line.path.c_str(), line.path.size() + 1);
  line.listener = Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!line.listener ||
      bind(line.listener.number(), reinterpret_cast<sockaddr *>(&address), sizeof address) != 0 ||
      ::listen(line.listener.number(), 1) != 0)
    return system_error(line.path, errno);
  return {};
}

std::vector<std::string> LifeSigns::options() const {
  return {"-qmp", "unix:" + monitor_.path, "-debugcon", "unix:" + debug_.path};
}

/* Its listener, or its socket, is readable. */
Result<> LifeSigns::take(Line &line) {
  if (!line.socket) {
    line.socket =
        Fd(accept4(line.listener.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    ucred peer{};
    socklen_t size = sizeof peer;
    if (!line.socket ||
        getsockopt(line.socket.number(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
      return system_error(line.path, errno);
    process_ = peer.pid;
    return {};
  }
  const auto now = Clock::now();
  char byte = 0;
  if (recv(line.socket.number(), &byte, 1, MSG_PEEK) != 1)
    return Error{"QEMU has closed " + line.path};
  line.first = now;
  return {};
}

/* Whether anything has come in that time. */
Result<bool> LifeSigns::look(std::chrono::microseconds timeout) {
  std::array<pollfd, 3> fds{};
  const std::array<Line *, 3> lines = {&monitor_, &debug_, &answer_};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Fd &awaited = lines[i]->socket ? lines[i]->socket : lines[i]->listener;
    fds[i] = {lines[i]->first ? -1 : awaited.number(), POLLIN, 0};
  }
  const timespec limit = {timeout / 1s, (timeout % 1s) / 1ns};
  if (ppoll(fds.data(), fds.size(), &limit, nullptr) <= 0)
    return false;
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (fds[i].revents)
      if (auto result = take(*lines[i]); !result)
        return result.error();
  return true;
}

void LifeSigns::glance(std::chrono::microseconds timeout) {
  static_cast<void>(look(timeout));
}

Result<> LifeSigns::wait(const Line &line, const std::function<bool()> &has_ended) {
  const auto deadline = Clock::now() + patience;
  while (!line.first) {
    auto came = look(between_looks);
    if (!came)
      return came.error();
    if (interrupted())
      return Error{"interrupted"};
    if (!*came && has_ended())
      return Error{"QEMU has ended, or was never started"};
    if (Clock::now() >= deadline)
      return Error{"QEMU shows no sign of life in a minute: " + line.path};
  }
  return {};
}

Result<> LifeSigns::wait_greeting(const std::function<bool()> &has_ended) {
  return wait(monitor_, has_ended);
}

Result<> LifeSigns::wait_guest(const std::function<bool()> &has_ended) {
  return wait(debug_, has_ended);
}

Result<> LifeSigns::wait_answer(const std::function<bool()> &has_ended) {
  return wait(answer_, has_ended);
}

Result<> LifeSigns::ask() {
  char byte = 0;
  pollfd more = {monitor_.socket.number(), POLLIN, 0};
  while (byte != '\n')
    if (recv(monitor_.socket.number(), &byte, 1, 0) != 1 &&
        (errno != EAGAIN || poll(&more, 1, 1000) != 1))
      return Error{"QEMU's greeting breaks off"};
  const std::string_view command = "{\"execute\":\"qmp_capabilities\"}\n";
  answer_.path = monitor_.path;
  answer_.socket = std::move(monitor_.socket);
  if (write(answer_.socket.number(), command.data(), command.size()) !=
      static_cast<ssize_t>(command.size()))
    return system_error(answer_.path, errno);
  return {};
}

Result<qemu_pin::Qmp> LifeSigns::monitor() {
  return qemu_pin::Qmp::negotiate(std::move(monitor_.socket), patience);
}

double ms_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

std::int64_t us_since_boot(Clock::time_point when) {
  return std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count();
}

} // namespace bench
