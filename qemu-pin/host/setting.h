/*
 * One value of the host that isolation changes and restore gives back, and why a write to it is
 * refused.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_HOST_SETTING_H
#define QEMU_PIN_HOST_SETTING_H

#include "base/result.h"
#include "kernel/thread_id.h"

#include <string>
#include <string_view>
#include <variant>

namespace qemu_pin {

/* A file of the kernel's: "/proc/irq/24/smp_affinity_list". */
struct FileSetting {
  static constexpr const char *kind = "file";

  std::string path;

  std::string folder() const; /* "/proc/irq/24" */
  std::string name() const;   /* "smp_affinity_list" */

  bool operator==(const FileSetting &) const = default;
};

/* The CPU list of a thread. */
struct ThreadSetting {
  static constexpr const char *kind = "thread";

  ThreadId thread;

  bool operator==(const ThreadSetting &) const = default;
};

/* A property of a systemd unit that can have CPUs: of a slice, a service and so on. */
struct UnitSetting {
  static constexpr const char *kind = "unit";

  enum class Property { allowed_cpus, allowed_memory_nodes };
  std::string unit; /* "system.slice" */
  Property property;

  const char *property_name() const; /* "AllowedCPUs" */

  bool operator==(const UnitSetting &) const = default;
};

/* The CPUs that an irqbalance leaves alone. After a write it reports its old value for seconds,
 * so this setting is written and not read back. */
struct IrqbalanceSetting {
  static constexpr const char *kind = "irqbalance";

  ThreadId process;

  bool operator==(const IrqbalanceSetting &) const = default;
};

using Setting = std::variant<FileSetting, ThreadSetting, UnitSetting, IrqbalanceSetting>;

/* A journal names a setting by its kind, and one of that kind by its path, by "4711 123456" (a
 * thread's id and start time), or by "system.slice AllowedCPUs". */
const char *setting_kind(const Setting &setting);
std::string setting_name(const Setting &setting);

/* Fails on an unknown kind, and on a name that is none of that kind. */
Result<Setting> setting_named(std::string_view kind, const std::string &name);

/* As people are told of it: "thread 4711", "/proc/irq/24/smp_affinity_list". */
std::string setting_text(const Setting &setting);

/* Does this errno, or this error, say that the file, thread or unit no longer exists? */
bool has_gone(int number);
bool has_gone(const Error &refusal);

} // namespace qemu_pin

#endif
