/*
 * The steps caches and compact: free memory in large pieces for the guest. Both act once;
 * there is nothing to give back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_STEPS_MEMORY_H
#define QEMU_PIN_STEPS_MEMORY_H

#include "isolation/steps/step.h"

namespace qemu_pin {

/* Drops the page cache, dentries and inodes. What is not on disk yet stays: a sync, which
 * may take minutes, is the user's to do. */
Result<StepPlan> plan_caches(const Host &host, const IsolationRequest &request,
                             const JournalContent &journal);

/* Compacts all zones, so that huge pages can be had. */
Result<StepPlan> plan_compact(const Host &host, const IsolationRequest &request,
                              const JournalContent &journal);

} // namespace qemu_pin

#endif
