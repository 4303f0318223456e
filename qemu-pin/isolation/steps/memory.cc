/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/memory.h"

#include <algorithm>

namespace qemu_pin {

namespace {

/* The files cannot be read, only written. */
StepPlan plan_act(const Host &host, const std::string &name, const std::string &value,
                  const std::string &done) {
  const std::string folder = "/proc/sys/vm";
  const auto names = host.names_in(folder);
  StepPlan plan;
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    plan.tell = [file = folder + "/" + name](const std::vector<Outcome> &) {
      return StepLines{"this kernel cannot: it has no " + file};
    };
    return plan;
  }
  plan.operations.emplace_back(ActOperation{folder + "/" + name, value + "\n"});
  plan.tell = [done](const std::vector<Outcome> &) { return StepLines{done}; };
  return plan;
}

} // namespace

Result<StepPlan> plan_caches(const Host &host, const IsolationRequest & /*request*/,
                             const JournalContent & /*journal*/) {
  return plan_act(host, "drop_caches", "3",
                  "page cache, dentries and inodes dropped, but for what is not on disk yet");
}

Result<StepPlan> plan_compact(const Host &host, const IsolationRequest & /*request*/,
                              const JournalContent & /*journal*/) {
  return plan_act(host, "compact_memory", "1", "memory compacted");
}

} // namespace qemu_pin
