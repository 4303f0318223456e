/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/kept_masks.h"

#include "kernel/cpuset_group.h"
#include "kernel/procfs.h"
#include "kernel/thread_pin.h"

#include <algorithm>
#include <cerrno>

namespace qemu_pin {

bool KeptMasks::is_known(const SetOperation &keep) const {
  return journal_.find_setting(keep.setting) != nullptr;
}

std::vector<SetOperation> KeptMasks::of_guest() {
  std::vector<SetOperation> kept;
  auto threads = host_.procfs().thread_ids(request_.guest);
  const auto group = cpuset_of(request_.guest, host_.path(""));
  for (const pid_t thread : threads &&group ? *threads : std::vector<pid_t>()) {
    auto stat = host_.procfs().stat(thread, thread);
    auto mask = host_.procfs().allowed_cpus(thread, thread);
    if (!stat || !*stat || !mask || !*mask)
      continue;
    const SetOperation keep{ThreadSetting{(*stat)->thread}, ValueFormat::text, Claim::Want::value,
                            (*mask)->list + "\n"};
    seen_.insert(thread);
    if (without(group->cpus, (*mask)->cpus).empty() && !is_known(keep))
      continue;
    kept.push_back(keep);
  }
  all_.insert(all_.end(), kept.begin(), kept.end());
  return kept;
}

std::vector<SetOperation> KeptMasks::of_threads(const std::vector<pid_t> &threads,
                                                const CpuSet &group, bool kernels_too) {
  std::vector<SetOperation> kept;
  for (const pid_t thread : threads) {
    /* One system call, and enough for most; a file of /proc costs ten times as much. */
    const auto mask = allowed_cpus(thread);
    if (!mask)
      continue;
    const bool has_all = mask->contains_all(group);
    if (has_all && !journal_.has_thread(thread))
      continue;
    auto stat = host_.stat(thread);
    if (!stat || !*stat || (*stat)->is_bound || ((*stat)->is_kernels && !kernels_too))
      continue;
    SetOperation keep{ThreadSetting{(*stat)->thread}, ValueFormat::list, Claim::Want::without,
                      request_.id().list()};
    keep.tolerated = {EINVAL}; /* somebody moves it meanwhile to a group without these CPUs */
    if ((has_all && !is_known(keep)) || !seen_.insert(thread).second)
      continue;
    kept.push_back(keep);
  }
  all_.insert(all_.end(), kept.begin(), kept.end());
  return kept;
}

} // namespace qemu_pin
