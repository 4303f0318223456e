/*
 * The masks that threads keep while the step `cpuset` changes groups: before 6.2 the kernel
 * forgets them when a group's CPUs change, or when it moves a thread.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_STEPS_KEPT_MASKS_H
#define QEMU_PIN_STEPS_KEPT_MASKS_H

#include "isolation/steps/step.h"

#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

namespace qemu_pin {

/* Each thread's mask is kept once, by whoever asks first. All must outlive it. */
class KeptMasks {
public:
  KeptMasks(const Host &host, const IsolationRequest &request, const JournalContent &journal)
      : host_(host), request_(request), journal_(journal) {}

  /* Of the guest's threads: as they are, in a group that has all these CPUs. */
  std::vector<SetOperation> of_guest();

  /* Of threads whose mask is not just what their group has, or that another isolation is to
   * give back: without the CPUs that are isolated. */
  std::vector<SetOperation> of_threads(const std::vector<pid_t> &threads, const CpuSet &group,
                                       bool kernels_too);

  /* What was returned until now. */
  const std::vector<SetOperation> &all() const { return all_; }

private:
  bool is_known(const SetOperation &keep) const;

  const Host &host_;
  const IsolationRequest &request_;
  const JournalContent &journal_;
  std::vector<SetOperation> all_;
  std::set<pid_t> seen_;
};

} // namespace qemu_pin

#endif
