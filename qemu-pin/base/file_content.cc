/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file_content.h"

#include "base/fd.h"

#include <array>
#include <cerrno>
#include <fcntl.h>

namespace qemu_pin {

FileContent read_content(const std::string &path, bool is_in_one_piece) {
  /* A pipe in a captured host is not waited for. */
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  return fd ? read_content(fd.number(), is_in_one_piece) : FileContent{"", errno};
}

FileContent read_content(int fd, bool is_in_one_piece) {
  FileContent content;
  std::array<char, 4096> piece; // NOLINT(*-member-init): read before use
  for (;;) {
    const ssize_t size = read(fd, piece.data(), piece.size());
    if (size > 0 && content.text.size() >= content_limit)
      return {"", EFBIG};
    if (size > 0)
      content.text.append(piece.data(), static_cast<std::size_t>(size));
    else if (size < 0 && errno == EINTR)
      continue;
    else if (size < 0)
      return {"", errno};
    if (size == 0 || (is_in_one_piece && static_cast<std::size_t>(size) < piece.size()))
      return content;
  }
}

} // namespace qemu_pin
