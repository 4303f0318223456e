/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text_file.h"

#include "base/fd.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

namespace qemu_pin {

namespace {

/* How long a named pipe may be without anybody who writes to it. */
constexpr int writer_ms = 500;

bool is_pipe(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

/* Waits until there is something to read. False: ms went by, or all writers have closed. */
bool wait_for_text(int fd, int ms) {
  pollfd file{fd, POLLIN, 0};
  int ready = 0;
  while ((ready = poll(&file, 1, ms)) < 0 && errno == EINTR)
    ;
  return ready > 0 && (file.revents & POLLIN) != 0;
}

/* may_wait: a pipe that nobody has opened yet may be opened soon. */
Result<std::string> read_all(int fd, const std::string &name, std::size_t limit, bool may_wait) {
  std::string text;
  std::array<char, 65536> piece; // NOLINT(*-member-init): read before use
  for (;;) {
    const ssize_t size = read(fd, piece.data(), piece.size());
    if (size > 0) {
      text.append(piece.data(), static_cast<std::size_t>(size));
      if (text.size() > limit)
        return Error{name + ": this is larger than " + std::to_string(limit >> 20) +
                     " MiB, the most that qemu-pin reads"};
    } else if (size < 0 && errno == EAGAIN) {
      wait_for_text(fd, -1);
    } else if (size < 0 && errno != EINTR) {
      return system_error(name, errno);
    } else if (size == 0) {
      if (!may_wait || !text.empty())
        return text;
      if (!wait_for_text(fd, writer_ms))
        return Error{name + ": nobody writes to this pipe"};
    }
  }
}

} // namespace

Result<std::string> read_text_file(const std::string &path, std::size_t limit) {
  if (path == "-")
    return read_all(STDIN_FILENO, "standard input", limit, false);
  /* Opening a pipe without O_NONBLOCK waits until somebody writes to it. */
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd)
    return system_error(path, errno);
  return read_all(fd.number(), path, limit, is_pipe(fd.number()));
}

} // namespace qemu_pin
