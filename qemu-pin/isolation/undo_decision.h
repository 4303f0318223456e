/*
 * What becomes of a setting when an isolation ends: decided by the journal and by what the
 * host has now. Nothing is read or written here; isolation_undoer does that.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_UNDO_DECISION_H
#define QEMU_PIN_UNDO_DECISION_H

#include "base/cpu_set.h"
#include "base/result.h"
#include "host/host_change.h"

#include <optional>
#include <string>

namespace qemu_pin {

/* The mask of a thread when undoing began, before any cpuset was changed. Linux before 6.2 resets
 * a mask to the whole cpuset whenever the cpuset changes; nobody asked for such a mask. */
struct ThreadMask {
  std::string list;
  bool was_reset; /* it was all of its cpuset */
};

/* What the host has of a setting. */
struct FoundSetting {
  std::optional<std::string> value; /* nothing: what it is of has gone */
  std::optional<ThreadMask> mask;   /* of a thread */
  /* An irqbalance that was told of the isolation runs, and may move it: an interrupt. */
  bool is_balanced = false;
};

/* An isolation that ends. */
struct EndingIsolation {
  IsolationId id;
  bool force;    /* also what somebody else changed since */
  CpuSet online; /* of the host */
};

struct UndoDecision {
  enum class Kind {
    is_so,    /* it has gone, or is as it is to be */
    write,    /* it gets what is wanted */
    balanced, /* an interrupt that irqbalance has put elsewhere stays there */
    leave     /* somebody else has changed it since: it stays, and line says so */
  };
  Kind kind;
  std::string wanted = {}; /* of is_so and write */
  std::string line = {};
  /* What somebody else gave a thread, and the kernel forgot while cpusets changed. */
  std::optional<std::string> put_back = {};
};

/* Of a change on which the isolation has a claim. Fails when what was before is no set. */
Result<UndoDecision> decide_undo(const SettingChange &change, const FoundSetting &found,
                                 const EndingIsolation &isolation);

/* The change without the claims of an isolation. */
SettingChange without_claims(const SettingChange &change, const IsolationId &id);

} // namespace qemu_pin

#endif
