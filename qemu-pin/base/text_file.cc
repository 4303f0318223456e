/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text_file.h"

#include "base/file_content.h"

#include <iostream>
#include <iterator>
#include <utility>

namespace qemu_pin {

Result<std::string> read_text_file(const std::string &path) {
  if (path == "-")
    return std::string(std::istreambuf_iterator<char>(std::cin), {});
  FileContent content = read_content(path);
  if (content.fault)
    return system_error(path, content.fault);
  return std::move(content.text);
}

} // namespace qemu_pin
