/*
 * What isolation did to the host, one change at a time, as it can be undone: who asked
 * for it, what was there before, and what has been put there since.
 *
 * Several isolations may ask for a change of the same setting. What it then gets follows
 * from what was before and from who still asks, so that they may end in any order.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_HOST_CHANGE_H
#define QEMU_PIN_HOST_CHANGE_H

#include "base/cpu_set.h"
#include "base/result.h"
#include "host/isolation_id.h"
#include "host/setting.h"
#include "kernel/thread_id.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace qemu_pin {

/* What one isolation wants a setting to be. */
struct Claim {
  enum class Want {
    without, /* what was before, without these CPUs */
    with,    /* what was before, and these CPUs */
    value    /* this */
  };
  IsolationId by;
  Want want;
  std::string operand; /* a CPU list, or the value */

  bool operator==(const Claim &) const = default;
};

/* How a setting's value writes CPUs. */
enum class ValueFormat { text, list, mask };

struct SettingChange {
  Setting setting;
  ValueFormat format = ValueFormat::text;
  std::string means;  /* the CPU list that an empty value stands for: what is inherited */
  std::string before; /* byte for byte */
  std::string now;    /* what we wrote last; before, until then */
  std::vector<Claim> claims;
};

/* A control group that we made. */
struct GroupChange {
  std::string folder;          /* "/sys/fs/cgroup/qemu-pin-host" */
  std::string home;            /* folder of the group that gets what is left in it */
  std::string members;         /* its file that lists them: "cgroup.procs" or "tasks" */
  std::vector<IsolationId> by; /* isolations that use it */
};

/* A process (cgroup v2) or thread (v1) that we put into another control group. */
struct MoveChange {
  ThreadId process;
  std::string from, to; /* the groups' files that list members */
  IsolationId by;
};

/* A control group that we removed. */
struct RemovalChange {
  std::string folder;
  std::vector<std::pair<std::string, std::string>> values; /* see RemoveGroupOperation */
  IsolationId by;
};

struct HostChange {
  std::string step; /* "irq" */
  std::variant<SettingChange, GroupChange, MoveChange, RemovalChange> what;
};

/* What a setting is to be, by what was before and its claims; before itself, if there are
 * none. A set that would have no CPU that is online becomes all that are, without those that
 * any claim takes. Fails when before is no set. */
Result<std::string> wanted_value(const SettingChange &change, const CpuSet &online);

/* Equal but for newlines at their ends. */
bool same_value(const std::string &a, const std::string &b);

} // namespace qemu_pin

#endif
