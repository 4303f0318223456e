/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/qemu_process.h"

#include "base/pidfd.h"
#include "base/printable.h"
#include "pins/option_pieces.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <poll.h>
#include <string_view>

namespace qemu_pin {

namespace {

/* As distributions call it; a program that was replaced since has a suffix. */
bool is_qemu_name(const std::string &path) {
  const std::string name = std::filesystem::path(path).filename();
  const std::string_view base = std::string_view(name).substr(0, name.find(' '));
  constexpr std::array<std::string_view, 3> others = {"qemu-kvm", "kvm", "qemu"};
  return base.starts_with("qemu-system-") ||
         std::find(others.begin(), others.end(), base) != others.end();
}

bool is_qemu(const Host &host, pid_t process, const std::vector<std::string> &arguments) {
  return (!arguments.empty() && is_qemu_name(arguments[0])) ||
         is_qemu_name(host.procfs().program(process));
}

} // namespace

Result<QemuProcess> QemuProcess::open(const Host &host, pid_t process) {
  const std::string name = "process " + std::to_string(process);
  Fd pidfd(process > 0 ? pidfd_open(process, 0) : -1);
  /* EINVAL, and since Linux 6.9 ENOENT: a thread, but not a process. */
  if (!pidfd && (process <= 0 || errno == ESRCH || errno == EINVAL || errno == ENOENT))
    return Error{"there is no " + name};
  if (!pidfd)
    return system_error(name, errno);
  /* Read after it is held: they are that process's, or it has ended. */
  auto arguments = host.procfs().arguments(process);
  if (!arguments)
    return arguments.error();
  QemuProcess qemu(host, process, std::move(pidfd), std::move(*arguments));
  if (!qemu.is_alive())
    return Error{"there is no " + name};
  if (!is_qemu(host, process, qemu.arguments_)) {
    const std::string program = host.procfs().program(process);
    return Error{name + " is not a QEMU" + (program.empty() ? "" : " (it runs " + program + ")")};
  }
  return qemu;
}

bool QemuProcess::is_alive() const {
  pollfd ended{pidfd_.number(), POLLIN, 0};
  return poll(&ended, 1, 0) == 0;
}

Result<> QemuProcess::signal(int number) const {
  if (pidfd_send_signal(pidfd_.number(), number, nullptr, 0) != 0 && errno != ESRCH)
    return system_error("process " + std::to_string(id_) + " cannot be signalled", errno);
  return {};
}

std::string QemuProcess::guest_name() const {
  std::string name;
  for (std::size_t i = 0; i + 1 < arguments_.size(); ++i)
    if (option_name(arguments_[i]) == "-name")
      for (const OptionPiece &piece : option_pieces(arguments_[i + 1], "guest"))
        if (piece.key == "guest")
          name = piece.value;
  return name;
}

std::string QemuProcess::text() const {
  return process_text(id_, guest_name());
}

std::string process_text(pid_t process, const std::string &guest) {
  return "process " + std::to_string(process) +
         (guest.empty() ? "" : " (guest " + printable(guest) + ")");
}

Result<std::vector<QemuProcess>> qemu_processes(const Host &host) {
  auto ids = host.procfs().process_ids();
  if (!ids)
    return ids.error();
  std::vector<QemuProcess> found;
  for (pid_t id : *ids) {
    auto arguments = host.procfs().arguments(id);
    if (!arguments || !is_qemu(host, id, *arguments))
      continue;
    auto qemu = QemuProcess::open(host, id);
    if (qemu)
      found.push_back(std::move(*qemu));
  }
  return found;
}

} // namespace qemu_pin
