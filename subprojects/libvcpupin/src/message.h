/*
 * Foreign text in error messages. What a user typed or a file held may be long
 * or hold line breaks; a message is one readable line all the same.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VCPUPIN_MESSAGE_H
#define VCPUPIN_MESSAGE_H

#include <string>
#include <string_view>

namespace vcpupin {

/* text with all but printable ASCII as \xNN: a look-alike of '-' or ' ' that
 * was pasted in shows for what it is. */
std::string escaped(std::string_view text);

/* The same, with `...` for what follows the first 60 bytes. */
std::string shortened(std::string_view text);

/* The same in single quotes. */
std::string quoted(std::string_view text);

/* What the C library calls the error number: "No such file or directory". */
std::string errno_words(int number);

} // namespace vcpupin

#endif
