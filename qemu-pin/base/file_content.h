/*
 * All that a file has, by the system's calls: those of /proc and /sys are read by the
 * hundred, and a stream costs more than the kernel does.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_FILE_CONTENT_H
#define QEMU_PIN_FILE_CONTENT_H

#include <cstddef>
#include <string>

namespace qemu_pin {

/* Bytes. /proc/interrupts of the largest hosts has half as many; a device in the place of a
 * captured host's file has no end. */
constexpr std::size_t content_limit = 128U << 20;

struct FileContent {
  std::string text;
  int fault = 0; /* errno of what failed, EFBIG: more than content_limit; 0: text is all */
};

/* is_in_one_piece: the kernel makes the file in one piece, so that what is shorter than it
 * could be is whole; to ask for its end too costs a third more. */
FileContent read_content(const std::string &path, bool is_in_one_piece = false);

/* The same of what is open already. */
FileContent read_content(int fd, bool is_in_one_piece = false);

} // namespace qemu_pin

#endif
