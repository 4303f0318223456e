/*
 * The name of one value of the host that isolation changes and restore gives back, and why
 * a write to it is refused.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_HOST_SETTING_H
#define QEMU_PIN_HOST_SETTING_H

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace qemu_pin {

struct SettingName {
  enum class Kind {
    file,      /* of the kernel's: "/proc/irq/24/smp_affinity_list" */
    thread,    /* the CPU list of a thread: "4711 123456", its id and start time */
    unit,      /* a property of a systemd unit: "system.slice AllowedCPUs" */
    irqbalance /* CPUs that it leaves alone: its process, as thread */
  };
  Kind kind;
  std::string name;

  bool operator==(const SettingName &) const = default;
};

const char *kind_name(SettingName::Kind kind);
std::optional<SettingName::Kind> kind_of(std::string_view name);

SettingName file_setting(const std::string &file);

/* The name of a thread's setting. */
SettingName thread_setting(pid_t thread, std::uint64_t start_time);

/* As people are told of it: "thread 4711", "/proc/irq/24/smp_affinity_list". */
std::string setting_text(const SettingName &setting);

/* Does this errno, or this error, say that the file, thread or unit no longer exists? */
bool has_gone(int number);
bool has_gone(const Error &refusal);

/* After a write, irqbalance reports its old value for seconds, so that setting is written and
 * not read back. */
bool is_write_only(const SettingName &setting);

} // namespace qemu_pin

#endif
