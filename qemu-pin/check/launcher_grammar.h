/*
 * Which words of a launcher's are its own, and where the command that it starts begins.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_LAUNCHER_GRAMMAR_H
#define QEMU_PIN_LAUNCHER_GRAMMAR_H

#include <string>
#include <vector>

namespace qemu_pin {

struct LauncherGrammar {
  std::string short_with_value; /* letters of options whose value may be the next word */
  std::vector<std::string> long_with_value; /* the same of "--NAME VALUE" */
  unsigned operands = 0;                    /* words before the command */
};

/* Of a launcher, by its name without a path; null if it is not known. */
const LauncherGrammar *launcher_grammar(const std::string &name);

/* Launchers whose command follows "--", or is the first QEMU that they name. */
bool has_own_language(const std::string &name);

/* sh, bash, su: the command may be a text after -c. */
bool is_shell(const std::string &name);

} // namespace qemu_pin

#endif
