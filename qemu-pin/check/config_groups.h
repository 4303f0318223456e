/*
 * The groups of a file that QEMU's -readconfig reads:
 *     [object "disk0"]
 *       qom-type = "iothread"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CONFIG_GROUPS_H
#define QEMU_PIN_CONFIG_GROUPS_H

#include "base/result.h"
#include "pins/option_pieces.h"

#include <string>
#include <vector>

namespace qemu_pin {

struct ConfigGroup {
  std::string name;                /* "object" */
  std::string id;                  /* "disk0"; "" if none is given */
  std::vector<OptionPiece> pieces; /* in their order */
};

/* Fails on what QEMU refuses, with the number of the line. */
Result<std::vector<ConfigGroup>> config_groups(const std::string &text);

} // namespace qemu_pin

#endif
