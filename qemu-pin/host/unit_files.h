/*
 * Files in which systemd keeps properties of its units.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_UNIT_FILES_H
#define QEMU_PIN_UNIT_FILES_H

#include "base/cpu_set.h"

#include <optional>
#include <string>
#include <vector>

namespace qemu_pin {

/* The drop-ins that a property set at runtime has, as "systemctl set-property --runtime"
 * makes them: of a usual unit, and of a transient one, such as init.scope. */
std::vector<std::string> runtime_drop_ins(const std::string &unit, const std::string &property,
                                          const std::string &root = "");

/* Removes such a drop-in, and folders that it leaves empty and that systemd makes anew.
 * One that is not there is no error. */
Result<> remove_drop_in(const std::string &file);

/* What a unit's files, in systemd's order, come to for a property that is a set; nothing
 * when that cannot be told. */
std::optional<CpuSet> set_in_files(const std::vector<std::string> &files,
                                   const std::string &property);

} // namespace qemu_pin

#endif
