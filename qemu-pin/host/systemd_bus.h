/*
 * A connection to systemd's manager over D-Bus.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_SYSTEMD_BUS_H
#define QEMU_PIN_SYSTEMD_BUS_H

#include "host/host.h"
#include "host/libsystemd.h"

#include <cstdint>
#include <memory>
#include <string>

namespace qemu_pin {

struct FreeBusMessage {
  void operator()(sd_bus_message *message) const { libsystemd().message_unref(message); }
};
using BusMessage = std::unique_ptr<sd_bus_message, FreeBusMessage>;

/* What fails here has a number: a unit that is not there is ENOENT; systemd that cannot be
 * reached is ECONNREFUSED. */
class SystemdBus {
public:
  static constexpr const char *service = "org.freedesktop.systemd1";
  static constexpr const char *manager_path = "/org/freedesktop/systemd1";
  static constexpr const char *manager = "org.freedesktop.systemd1.Manager";
  static constexpr std::uint64_t usual_patience = 30'000'000; /* microseconds */

  /* Over the system bus, or where none runs, to systemd itself. what begins all messages. */
  static Result<SystemdBus> open(const std::string &what);

  /* A call of the manager's, still without arguments. */
  BusMessage method(const char *name) const;

  /* Waits so many microseconds for the reply. */
  Result<BusMessage> call(const BusMessage &message, std::uint64_t patience = usual_patience) const;

  /* type: as D-Bus writes it, "ay". */
  Result<BusMessage> property(const std::string &path, const std::string &interface,
                              const char *name, const char *type) const;

  sd_bus *get() const { return bus_.get(); }

private:
  struct FreeBus {
    void operator()(sd_bus *bus) const { libsystemd().flush_close_unref(bus); }
  };

  SystemdBus(sd_bus *bus, std::string what) : bus_(bus), what_(std::move(what)) {}

  Error refusal(const sd_bus_error &error, int result) const;

  std::unique_ptr<sd_bus, FreeBus> bus_;
  std::string what_;
};

} // namespace qemu_pin

#endif
