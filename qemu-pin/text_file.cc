/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text_file.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace qemu_pin {

Result<std::string> read_text_file(const std::string &path) {
  if (path == "-")
    return std::string(std::istreambuf_iterator<char>(std::cin), {});
  if (std::filesystem::is_directory(path))
    return system_error(path, EISDIR);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return system_error(path, errno);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file.bad())
    return system_error(path, errno ? errno : EIO);
  return text;
}

} // namespace qemu_pin
