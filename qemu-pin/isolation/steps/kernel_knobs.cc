/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/kernel_knobs.h"

#include "isolation/steps/taken_cpus.h"

#include <fmt/format.h>

namespace qemu_pin {

namespace {

std::string knob(const char *name) {
  return std::string("/proc/sys/kernel/") + name;
}

StepPlan only_told(const std::string &line) {
  StepPlan plan;
  plan.tell = [line](const std::vector<Outcome> &) { return StepLines{line}; };
  return plan;
}

StepPlan missing(const std::string &file) {
  return only_told("this kernel cannot: it has no " + file);
}

Result<StepPlan> plan_value(const Host &host, const std::string &file, const std::string &value,
                            const std::string &done) {
  auto text = host.read_file(file);
  if (!text)
    return text.error();
  if (!*text)
    return missing(file);
  StepPlan plan;
  plan.operations.emplace_back(
      SetOperation{FileSetting{file}, ValueFormat::text, Claim::Want::value, value + "\n"});
  plan.tell = [done](const std::vector<Outcome> &outcomes) {
    if (outcomes.at(0).kind == Outcome::Kind::already)
      return StepLines{done + ", as before"};
    return StepLines{outcomes.at(0).before.empty() ? done
                                                   : done + "; it was " + outcomes.at(0).before};
  };
  return plan;
}

} // namespace

Result<StepPlan> plan_timer_migration(const Host &host, const IsolationRequest &request,
                                      const JournalContent & /*journal*/) {
  auto tickless = read_cpu_set(host.line_of("/sys/devices/system/cpu/nohz_full"));
  if (tickless && without(request.cpus, *tickless).empty())
    return only_told("left alone: the CPUs are nohz_full, so timers go to others anyway");
  return plan_value(host, knob("timer_migration"), "0", "timer_migration is 0");
}

Result<StepPlan> plan_watchdog(const Host &host, const IsolationRequest &request,
                               const JournalContent &journal) {
  const std::string file = knob("watchdog_cpumask");
  auto text = host.read_file(file);
  if (!text)
    return text.error();
  if (!*text)
    return missing(file);
  auto operation = take_cpus_out(host, FileSetting{file}, ValueFormat::list, request, journal);
  if (!operation)
    return operation.error();
  if (!*operation)
    return only_told("the lockup detectors do not watch the CPUs");
  StepPlan plan;
  plan.operations.emplace_back(std::move(**operation));
  plan.tell = [cpus = request.id().list()](const std::vector<Outcome> &) {
    return StepLines{fmt::format("the lockup detectors do not watch {} any more", cpus_text(cpus))};
  };
  return plan;
}

Result<StepPlan> plan_rt_runtime(const Host &host, const IsolationRequest & /*request*/,
                                 const JournalContent & /*journal*/) {
  return plan_value(host, knob("sched_rt_runtime_us"), "-1",
                    "real-time threads are not throttled (-1)");
}

} // namespace qemu_pin
