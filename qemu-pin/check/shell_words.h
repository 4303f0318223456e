/*
 * A command line, or a script, as text: the words that a shell would make of it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_SHELL_WORDS_H
#define QEMU_PIN_SHELL_WORDS_H

#include <string>
#include <vector>

namespace qemu_pin {

struct ShellText {
  /* Each command's words, without quotes, comments, redirections, and keywords before it.
   * Variables and arrays that the text itself sets to plain words are replaced. */
  std::vector<std::vector<std::string>> commands;
  /* "$NAME" and "$(...)" as written where nothing can be put in their place, once each. */
  std::vector<std::string> unknown;
};

/* Never fails: nothing is executed, and a quote that is not closed ends with the text. */
ShellText read_shell(const std::string &text);

} // namespace qemu_pin

#endif
