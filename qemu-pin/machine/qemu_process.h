/*
 * A running QEMU, held so that its id cannot come to mean another process.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_QEMU_PROCESS_H
#define QEMU_PIN_QEMU_PROCESS_H

#include "base/fd.h"
#include "base/result.h"
#include "host/host.h"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace qemu_pin {

class QemuProcess {
public:
  /* Fails when the host has no such process, or it is no QEMU: neither its program nor
   * argv[0] bears one of QEMU's names. */
  static Result<QemuProcess> open(const Host &host, pid_t process);

  /* Where it runs. */
  const Host &host() const { return host_; }

  pid_t id() const { return id_; }
  bool is_alive() const;

  /* Sends a signal; a process that has ended is no error. */
  Result<> signal(int number) const;

  /* Poll it: readable once the process has ended (pidfd_open(2)). */
  int descriptor() const { return pidfd_.number(); }

  /* As it was started. */
  const std::vector<std::string> &arguments() const { return arguments_; }

  /* The guest's, of -name; "" if it has none. */
  std::string guest_name() const;

  /* "process 4711 (guest win11)"; printable ASCII. */
  std::string text() const;

private:
  QemuProcess(Host host, pid_t id, Fd pidfd, std::vector<std::string> arguments)
      : host_(std::move(host)), id_(id), pidfd_(std::move(pidfd)),
        arguments_(std::move(arguments)) {}

  Host host_;
  pid_t id_;
  Fd pidfd_;
  std::vector<std::string> arguments_;
};

/* As QemuProcess::text(). guest: "" if it has no name. */
std::string process_text(pid_t process, const std::string &guest);

/* All that run and that we may look at, by id. */
Result<std::vector<QemuProcess>> qemu_processes(const Host &host);

} // namespace qemu_pin

#endif
