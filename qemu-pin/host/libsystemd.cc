/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/libsystemd.h"

#include <dlfcn.h>
#include <optional>

namespace qemu_pin {

namespace {

constexpr const char *name = "libsystemd.so.0";

class Functions {
public:
  Functions() : library_(dlopen(name, RTLD_LAZY | RTLD_LOCAL)) {}

  bool are_complete() const { return library_ && !lacks_one_; }

  template <typename Function> void find(Function &function, const char *symbol) {
    function = library_ ? reinterpret_cast<Function>(dlsym(library_, symbol)) : nullptr;
    lacks_one_ |= !function;
  }

private:
  void *library_; /* stays for as long as the process does */
  bool lacks_one_ = false;
};

std::optional<LibSystemd> loaded() {
  Functions all;
  LibSystemd lib{};
  all.find(lib.create, "sd_bus_new");
  all.find(lib.open_system, "sd_bus_open_system");
  all.find(lib.set_address, "sd_bus_set_address");
  all.find(lib.start, "sd_bus_start");
  all.find(lib.unref, "sd_bus_unref");
  all.find(lib.flush_close_unref, "sd_bus_flush_close_unref");
  all.find(lib.call, "sd_bus_call");
  all.find(lib.get_property, "sd_bus_get_property");
  all.find(lib.match_signal, "sd_bus_match_signal");
  all.find(lib.process, "sd_bus_process");
  all.find(lib.wait, "sd_bus_wait");
  all.find(lib.slot_unref, "sd_bus_slot_unref");
  all.find(lib.error_free, "sd_bus_error_free");
  all.find(lib.error_is_set, "sd_bus_error_is_set");
  all.find(lib.error_get_errno, "sd_bus_error_get_errno");
  all.find(lib.error_has_name, "sd_bus_error_has_name");
  all.find(lib.message_new_method_call, "sd_bus_message_new_method_call");
  all.find(lib.message_unref, "sd_bus_message_unref");
  all.find(lib.message_append, "sd_bus_message_append");
  all.find(lib.message_append_array, "sd_bus_message_append_array");
  all.find(lib.message_open_container, "sd_bus_message_open_container");
  all.find(lib.message_close_container, "sd_bus_message_close_container");
  all.find(lib.message_enter_container, "sd_bus_message_enter_container");
  all.find(lib.message_read, "sd_bus_message_read");
  all.find(lib.message_read_array, "sd_bus_message_read_array");
  return all.are_complete() ? std::optional(lib) : std::nullopt;
}

} // namespace

const LibSystemd *LibSystemd::load() {
  static const std::optional<LibSystemd> lib = loaded();
  return lib ? &*lib : nullptr;
}

} // namespace qemu_pin
