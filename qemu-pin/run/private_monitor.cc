/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/private_monitor.h"

#include "base/pipe.h"

#include <array>
#include <cerrno>
#include <string_view>
#include <sys/mman.h>
#include <sys/socket.h>

namespace qemu_pin {

namespace {

bool write_all(const Fd &file, std::string_view text) {
  return write(file.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

} // namespace

Result<PrivateMonitor> PrivateMonitor::make() {
  PrivateMonitor monitor;
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return system_error("socketpair", errno);
  monitor.ours_ = above_streams(Fd(ends[0]));
  monitor.theirs_ = above_streams(Fd(ends[1]));
  monitor.config_ = above_streams(Fd(memfd_create("qemu-pin", MFD_CLOEXEC)));
  if (!monitor.ours_ || !monitor.theirs_ || !monitor.config_)
    return system_error("memfd_create", errno);
  /* In a file, since -mon and -qmp would take away QEMU's default monitor. */
  const std::string config = "[chardev \"qemu-pin\"]\n"
                             "  backend = \"socket\"\n"
                             "  fd = \"" +
                             std::to_string(monitor.theirs_.number()) +
                             "\"\n"
                             "[mon \"qemu-pin\"]\n"
                             "  chardev = \"qemu-pin\"\n"
                             "  mode = \"control\"\n";
  if (!write_all(monitor.config_, config))
    return system_error("memfd", errno);
  return monitor;
}

std::vector<std::string> PrivateMonitor::options() const {
  return {"-readconfig", "/proc/self/fd/" + std::to_string(config_.number())};
}

Fd PrivateMonitor::take() {
  theirs_ = Fd();
  config_ = Fd();
  return std::move(ours_);
}

} // namespace qemu_pin
