/*
 * -vcpu, -iothreadpin and -emulatorpin of a command line, as typed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PIN_OPTIONS_H
#define QEMU_PIN_PIN_OPTIONS_H

#include "base/result.h"

#include <optional>
#include <string>
#include <vector>

namespace qemu_pin {

struct PinOption {
  std::string option;                /* "-vcpu", "-iothreadpin" or "-emulatorpin" */
  std::string value;                 /* all of it */
  std::string name;                  /* vcpunum or iothread; "": missing */
  std::vector<std::string> affinity; /* CPU lists; the pin is their union */
  std::optional<std::string> sched, priority;

  /* For messages: "-vcpu 0,affinity=1". */
  std::string text() const { return option + " " + value; }
};

/* option: one of the three. Fails on a key that it does not have. */
Result<PinOption> read_pin_option(const std::string &option, const std::string &value);

/* A command line without its pin options, and those, in their order. */
struct CommandLine {
  std::vector<std::string> rest;
  std::vector<PinOption> pins;
};

/* Fails as read_pin_option() does, and on a pin option without a value. */
Result<CommandLine> split_command_line(const std::vector<std::string> &arguments);

} // namespace qemu_pin

#endif
