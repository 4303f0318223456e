/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pins/pin_options.h"

#include "pins/option_pieces.h"

#include <map>

namespace qemu_pin {

namespace {

/* Each with the key that names whom it pins, or for the emulator, where. */
const std::map<std::string, std::string> first_keys = {
    {"-vcpu", "vcpunum"}, {"-iothreadpin", "iothread"}, {"-emulatorpin", "affinity"}};

} // namespace

Result<PinOption> read_pin_option(const std::string &name, const std::string &value) {
  PinOption option;
  option.option = name;
  option.value = value;
  const std::string &first_key = first_keys.at(name);
  for (const OptionPiece &piece : option_pieces(value, first_key)) {
    if (piece.key == "affinity")
      option.affinity.push_back(piece.value);
    else if (piece.key == first_key)
      option.name = piece.value;
    else if (piece.key == "sched")
      option.sched = piece.value;
    else if (piece.key == "priority")
      option.priority = piece.value;
    else
      return Error{option.text() + ": there is no '" + piece.key + "'"};
  }
  return option;
}

Result<CommandLine> split_command_line(const std::vector<std::string> &arguments) {
  CommandLine line;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string name = option_name(arguments[i]);
    if (!first_keys.contains(name)) {
      line.rest.push_back(arguments[i]);
      continue;
    }
    if (i + 1 == arguments.size())
      return Error{name + ": its value is missing"};
    auto option = read_pin_option(name, arguments[++i]);
    if (!option)
      return option.error();
    line.pins.push_back(std::move(*option));
  }
  return line;
}

} // namespace qemu_pin
