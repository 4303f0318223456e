/*
 * A captured host to plan steps on, and what becomes of it when a plan is carried out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_ISOLATION_PLANNED_H
#define TESTS_ISOLATION_PLANNED_H

#include "harness/temp_dir.h"

#include "host/settings.h"
#include "isolation/step_taker.h"
#include "isolation/steps/step.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace qemu_pin {

class CapturedHost {
public:
  explicit CapturedHost(const std::string &online = "0-7") : host_(dir_.path()) {
    write("/sys/devices/system/cpu/online", online);
  }

  /* With a newline, as the kernel's files. */
  void write(const std::string &file, const std::string &line) {
    dir_.write(file.substr(1), line + "\n");
  }
  std::string read(const std::string &file) const { return host_.line_of(file); }
  std::string path(const std::string &file) const { return host_.path(file); }
  const Host &host() const { return host_; }

private:
  TempDir dir_;
  Host host_;
};

inline IsolationRequest request_for(const CpuSet &cpus) {
  IsolationRequest request;
  request.cpus = cpus;
  return request;
}

/* A captured host on which CPUs 2 and 3 are to be isolated. */
class StepTest : public testing::Test {
protected:
  using PlanFunction = Result<StepPlan> (*)(const Host &, const IsolationRequest &,
                                            const JournalContent &);

  StepPlan planned(PlanFunction step) {
    auto made = step(host.host(), request, journal);
    if (made)
      return std::move(*made);
    ADD_FAILURE() << made.error().message;
    return {};
  }

  CapturedHost host;
  IsolationRequest request = request_for({2, 3});
  JournalContent journal;
};

/* Another isolation's change of a setting. */
inline HostChange change_by(const CpuSet &other, const Setting &setting, ValueFormat format,
                            const std::string &before, const std::string &now,
                            Claim::Want want = Claim::Want::without) {
  return {"irq", SettingChange{setting,
                               format,
                               "",
                               before + "\n",
                               now + "\n",
                               {{IsolationId(other), want, cpu_list(other)}}}};
}

inline const SetOperation *find_set(const StepPlan &plan, const std::string &name) {
  for (const Operation &operation : plan.operations)
    if (const auto *set = std::get_if<SetOperation>(&operation))
      if (setting_name(set->setting) == name)
        return set;
  return nullptr;
}

inline std::vector<Outcome> all_done(const StepPlan &plan) {
  return std::vector<Outcome>(plan.operations.size());
}

/* Carries the plan out as isolate does, with a journal of its own, and says how its operations
 * ended. */
inline std::vector<Outcome> carry_out(const Host &host, const StepPlan &plan) {
  const TempDir folder;
  auto journal =
      Journal::open_file(Host(), folder.file("journal"), /*is_new=*/true, folder.file("locks"));
  if (!journal) {
    ADD_FAILURE() << journal.error().message;
    return {};
  }
  StepTaker taker(host, *journal, "step", IsolationId({2, 3}));
  if (auto result = taker.enter(plan.operations); !result)
    ADD_FAILURE() << result.error().message;
  std::vector<Outcome> outcomes;
  for (const Operation &operation : plan.operations) {
    auto outcome = taker.carry_out(operation);
    if (!outcome)
      ADD_FAILURE() << outcome.error().message;
    outcomes.push_back(outcome ? *outcome : Outcome());
  }
  return outcomes;
}

} // namespace qemu_pin

#endif
