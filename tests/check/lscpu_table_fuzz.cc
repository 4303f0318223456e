/* lscpu tables of any bytes (libFuzzer). SPDX-License-Identifier: GPL-2.0-or-later */
#include "checked_guest.h"

#include "plan/lscpu_table.h"

#include <cstdint>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
  const auto host = qemu_pin::read_lscpu_table(std::string(bytes, bytes + size));
  if (!host) {
    require_line(host.error().message);
    return 0;
  }
  require(!host->cores.empty(), "a host that was read has a core");
  for (const qemu_pin::Core &core : host->cores) {
    require(!core.cpus.empty(), "a core has a CPU");
    require(core.domain < host->domains.size(), "a core has a domain");
    require(core.kind < host->kinds, "a core has a kind");
  }
  return 0;
}
