/*
 * What we use of libsystemd, loaded when it is first needed: loading it with the program, and
 * the seven libraries that it needs, would take a quarter of the time in which any of
 * qemu-pin's commands starts, and most hosts' commands never speak to systemd.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_LIBSYSTEMD_H
#define QEMU_PIN_LIBSYSTEMD_H

#include <systemd/sd-bus.h>

namespace qemu_pin {

/* Its functions, by their names without "sd_bus_"; see sd-bus(3). */
struct LibSystemd {
  decltype(&sd_bus_new) create;
  decltype(&sd_bus_open_system) open_system;
  decltype(&sd_bus_set_address) set_address;
  decltype(&sd_bus_start) start;
  decltype(&sd_bus_unref) unref;
  decltype(&sd_bus_flush_close_unref) flush_close_unref;
  decltype(&sd_bus_call) call;
  decltype(&sd_bus_get_property) get_property;
  decltype(&sd_bus_match_signal) match_signal;
  decltype(&sd_bus_process) process;
  decltype(&sd_bus_wait) wait;
  decltype(&sd_bus_slot_unref) slot_unref;
  decltype(&sd_bus_error_free) error_free;
  decltype(&sd_bus_error_is_set) error_is_set;
  decltype(&sd_bus_error_get_errno) error_get_errno;
  decltype(&sd_bus_error_has_name) error_has_name;
  decltype(&sd_bus_message_new_method_call) message_new_method_call;
  decltype(&sd_bus_message_unref) message_unref;
  decltype(&sd_bus_message_append) message_append;
  decltype(&sd_bus_message_append_array) message_append_array;
  decltype(&sd_bus_message_open_container) message_open_container;
  decltype(&sd_bus_message_close_container) message_close_container;
  decltype(&sd_bus_message_enter_container) message_enter_container;
  decltype(&sd_bus_message_read) message_read;
  decltype(&sd_bus_message_read_array) message_read_array;

  /* nullptr where it is not installed, or lacks one of these. */
  static const LibSystemd *load();
};

/* Once it has been loaded. */
inline const LibSystemd &libsystemd() {
  return *LibSystemd::load();
}

} // namespace qemu_pin

#endif
