/*
 * Reads and writes the host's settings, each in its own way: as text, whatever it is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_HOST_SETTINGS_H
#define QEMU_PIN_HOST_SETTINGS_H

#include "base/result.h"
#include "host/host.h"
#include "host/setting.h"

#include <optional>
#include <string>

namespace qemu_pin {

/* The value of a setting; nothing when what it is of has gone. That of a file named
 * cgroup.subtree_control is its words in alphabetical order, and writing it enables and
 * disables controllers. */
Result<std::optional<std::string>> read_setting(const Host &host, const Setting &setting);
Result<> write_setting(const Host &host, const Setting &setting, const std::string &value);

} // namespace qemu_pin

#endif
