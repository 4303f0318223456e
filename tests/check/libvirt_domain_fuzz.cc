/* Domains of any bytes (libFuzzer). SPDX-License-Identifier: GPL-2.0-or-later */
#include "checked_guest.h"

#include <cstdint>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
  const auto guest = qemu_pin::read_libvirt_domain(std::string(bytes, bytes + size));
  if (guest)
    check_guest(*guest);
  else
    require_line(guest.error().message);
  return 0;
}
