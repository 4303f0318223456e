/* Command lines of any bytes, an argument a line (libFuzzer). SPDX-License-Identifier:
 * GPL-2.0-or-later */
#include "checked_guest.h"

#include <cerrno>
#include <cstdint>
#include <sstream>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
  std::istringstream text(std::string(bytes, bytes + size));
  std::vector<std::string> arguments;
  for (std::string line; std::getline(text, line);)
    arguments.push_back(line);
  const auto no_file = [](const std::string &path) -> qemu_pin::Result<std::string> {
    return qemu_pin::system_error(path, ENOENT);
  };
  check_guest(qemu_pin::read_qemu_arguments(arguments, no_file));
  return 0;
}
