/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/systemd_bus.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>

namespace qemu_pin {

namespace {

constexpr const char *no_such_unit = "org.freedesktop.systemd1.NoSuchUnit";
/* Where systemd listens for root when there is no bus. */
constexpr const char *private_address = "unix:path=/run/systemd/private";

struct BusError {
  BusError() = default;
  BusError(const BusError &) = delete;
  BusError &operator=(const BusError &) = delete;
  ~BusError() { libsystemd().error_free(&error); }

  sd_bus_error error = SD_BUS_ERROR_NULL;
};

int open_private(sd_bus **bus) {
  int result = libsystemd().create(bus);
  if (result >= 0)
    result = libsystemd().set_address(*bus, private_address);
  if (result >= 0)
    result = libsystemd().start(*bus);
  if (result < 0)
    *bus = libsystemd().unref(*bus);
  return result;
}

} // namespace

Result<SystemdBus> SystemdBus::open(const std::string &what) {
  if (!LibSystemd::load())
    return Error{what + ": systemd cannot be reached: libsystemd.so.0 is not installed",
                 ECONNREFUSED};
  sd_bus *bus = nullptr;
  const int of_system = libsystemd().open_system(&bus);
  const int of_private = of_system < 0 ? open_private(&bus) : 0;
  if (of_private < 0)
    return Error{fmt::format("{}: systemd cannot be reached: system bus: {}; {}: {}", what,
                             strerror(-of_system), private_address, strerror(-of_private)),
                 ECONNREFUSED};
  return SystemdBus(bus, what);
}

BusMessage SystemdBus::method(const char *name) const {
  sd_bus_message *message = nullptr;
  libsystemd().message_new_method_call(bus_.get(), &message, service, manager_path, manager, name);
  return BusMessage(message);
}

Result<BusMessage> SystemdBus::call(const BusMessage &message, std::uint64_t patience) const {
  BusError error;
  sd_bus_message *reply = nullptr;
  const int result = libsystemd().call(bus_.get(), message.get(), patience, &error.error, &reply);
  if (result < 0)
    return refusal(error.error, result);
  return BusMessage(reply);
}

Result<BusMessage> SystemdBus::property(const std::string &path, const std::string &interface,
                                        const char *name, const char *type) const {
  BusError error;
  sd_bus_message *reply = nullptr;
  const int result = libsystemd().get_property(bus_.get(), service, path.c_str(), interface.c_str(),
                                               name, &error.error, &reply, type);
  if (result < 0)
    return refusal(error.error, result);
  return BusMessage(reply);
}

Error SystemdBus::refusal(const sd_bus_error &error, int result) const {
  int number = libsystemd().error_is_set(&error) ? libsystemd().error_get_errno(&error) : -result;
  if (libsystemd().error_has_name(&error, no_such_unit))
    number = ENOENT;
  else if (number == ENOENT)
    number = EIO; /* what is missing is not the unit */
  return {fmt::format("{}: {}", what_, error.message ? error.message : strerror(number)), number};
}

} // namespace qemu_pin
