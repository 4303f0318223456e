/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/asked_options.h"

#include <sstream>

namespace qemu_pin {

std::string asked_value(const std::vector<PinOption> &options) {
  std::string value;
  for (const PinOption &option : options)
    value += (value.empty() ? "" : "\n") + option.option + "\n" + option.value;
  return value;
}

Result<std::vector<PinOption>> asked_options(const QemuProcess &process) {
  auto line = split_command_line(process.arguments());
  if (!line)
    return line.error();
  if (!line->pins.empty())
    return line->pins;
  auto environment = process.host().procfs().environment(process.id());
  if (!environment)
    return Error{environment.error().message + " (its user and root may read it; or say what was "
                                               "asked, by --plan or by options after --)"};
  const std::string start = std::string(asked_variable) + "=";
  std::vector<std::string> words;
  for (const std::string &variable : *environment)
    if (variable.starts_with(start)) {
      std::istringstream lines(variable.substr(start.size()));
      for (std::string word; std::getline(lines, word);)
        words.push_back(word);
    }
  line = split_command_line(words);
  if (!line)
    return line.error();
  return line->pins;
}

} // namespace qemu_pin
