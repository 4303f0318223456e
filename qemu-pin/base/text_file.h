/*
 * A whole text file that the user names: read under a limit, because it may be a device or a
 * pipe that never ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_TEXT_FILE_H
#define QEMU_PIN_TEXT_FILE_H

#include "base/result.h"

#include <cstddef>
#include <string>

namespace qemu_pin {

/* Bytes. A reader may need thirty times the memory. */
constexpr std::size_t text_file_limit = 4U << 20;

/* "-" is standard input. The message names the file. Fails on a file of more than limit bytes,
 * and on a named pipe that nobody has opened to write to it. */
Result<std::string> read_text_file(const std::string &path, std::size_t limit = text_file_limit);

} // namespace qemu_pin

#endif
