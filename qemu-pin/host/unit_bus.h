/*
 * Properties of systemd's units that say which CPUs and memory nodes their processes
 * may use, over D-Bus, for as long as systemd runs (what "systemctl set-property
 * --runtime" does).
 *
 * A property's value is a CPU list, or for AllowedMemoryNodes a list of nodes; "" is what the
 * unit inherits. A list is followed by a newline, as files have one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_UNIT_BUS_H
#define QEMU_PIN_UNIT_BUS_H

#include "host/host.h"

#include <sys/types.h>

namespace qemu_pin {

/* Does systemd run this host, with cgroup v2? */
bool is_systemd_host(const Host &host);

/* Nothing when there is no such unit. */
Result<std::optional<std::string>> read_unit_property(const UnitSetting &property);

/* A property that gets "" is as it was before it was ever set: its drop-in has gone too. */
Result<> write_unit_property(const Host &host, const UnitSetting &property,
                             const std::string &value);

/* A scope in the root slice for a process of ours and what it starts: "qemu-pin-2-7.scope".
 * It ends with its last process. */
Result<> start_scope(const std::string &scope, pid_t process);

} // namespace qemu_pin

#endif
