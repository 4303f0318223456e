/*
 * A whole text file that the user names.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_TEXT_FILE_H
#define QEMU_PIN_TEXT_FILE_H

#include "base/result.h"

#include <string>

namespace qemu_pin {

/* "-" is standard input. The message names the file. */
Result<std::string> read_text_file(const std::string &path);

} // namespace qemu_pin

#endif
