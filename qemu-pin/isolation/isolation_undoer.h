/*
 * Gives back one isolation's changes, in reverse.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_ISOLATION_UNDOER_H
#define QEMU_PIN_ISOLATION_UNDOER_H

#include "isolation/journal.h"

#include <string>
#include <vector>

namespace qemu_pin {

/* What undoing came to. */
struct UndoReport {
  std::size_t restored = 0;        /* settings, groups and processes */
  std::vector<std::string> left;   /* changed by somebody else since: left alone */
  std::size_t balanced = 0;        /* interrupts that irqbalance, which knew, has put elsewhere */
  std::vector<std::string> failed; /* still to be undone, and why */
};

/* On the host and in the journal, which is not saved at the end. force: also what somebody
 * else changed since. */
UndoReport undo_changes(const Host &host, Journal &journal, const IsolationId &id, bool force);

} // namespace qemu_pin

#endif
