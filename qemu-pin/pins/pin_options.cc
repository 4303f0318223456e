/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pins/pin_options.h"

#include "pins/option_pieces.h"

#include <map>

namespace qemu_pin {

namespace {

/* Each with the key that names the thread, which may be left out at the beginning. */
const std::map<std::string, std::string> first_keys = {
    {"-vcpu", "vcpunum"}, {"-iothreadpin", "iothread"}, {"-emulatorpin", ""}};

/* What may be given once. */
Result<> set_once(std::optional<std::string> &value, const OptionPiece &piece) {
  if (value)
    return Error{piece.key + " is given twice: '" + *value + "' and '" + piece.value + "'"};
  value = piece.value;
  return {};
}

} // namespace

Result<PinOption> read_pin_option(const std::string &name, const std::string &value) {
  PinOption option;
  option.option = name;
  option.value = value;
  const std::string &first_key = first_keys.at(name);
  std::optional<std::string> thread;
  for (const OptionPiece &piece : option_pieces(value, first_key)) {
    Result<> set;
    if (piece.key == "affinity")
      option.affinity.push_back(piece.value);
    else if (piece.key.empty())
      set = Error{"'" + piece.value + "' has no key: write affinity=" + piece.value};
    else if (piece.key == first_key)
      set = set_once(thread, piece);
    else if (piece.key == "sched")
      set = set_once(option.sched, piece);
    else if (piece.key == "priority")
      set = set_once(option.priority, piece);
    else if (piece.key != "id") /* every option of QEMU's may have one */
      set = Error{"there is no '" + piece.key + "'"};
    if (!set)
      return Error{option.text() + ": " + set.error().message};
  }
  option.name = thread.value_or("");
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
