/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/kthreads.h"

#include "base/words.h"
#include "isolation/steps/taken_cpus.h"
#include "kernel/procfs.h"
#include "kernel/thread_pin.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <variant>

namespace qemu_pin {

namespace {

constexpr pid_t kthreadd = 2;
constexpr const char *workqueues = "/sys/devices/virtual/workqueue";

struct Told {
  std::vector<std::string> queues; /* one for each of the first operations */
  std::size_t bound = 0;           /* threads with one of the CPUs */
  bool is_captured = false;

  StepLines lines(const std::vector<Outcome> &outcomes) const {
    StepLines lines;
    std::vector<std::string> narrowed;
    for (std::size_t i = 0; i < queues.size(); ++i)
      if (outcomes[i].kind != Outcome::Kind::gone)
        narrowed.push_back(queues[i]);
    const auto moved = static_cast<std::size_t>(
        std::count_if(outcomes.begin() + static_cast<std::ptrdiff_t>(queues.size()), outcomes.end(),
                      [](const Outcome &outcome) { return outcome.kind == Outcome::Kind::done; }));
    if (is_captured)
      lines.emplace_back("a captured host has no threads");
    else if (moved)
      lines.push_back(counted(moved, "kernel thread") + " moved off");
    else
      lines.emplace_back("no kernel thread had to move");
    if (bound)
      lines.push_back(fmt::format("{} stay, bound by the kernel", counted(bound, "kernel thread")));
    lines.push_back(narrowed.empty()
                        ? "no workqueue had to move"
                        : fmt::format("workqueues moved off: {}", fmt::join(narrowed, ", ")));
    return lines;
  }
};

class Planner {
public:
  Planner(const Host &host, const IsolationRequest &request, const JournalContent &journal)
      : host_(host), request_(request), journal_(journal) {}

  Result<StepPlan> run() {
    if (auto result = plan_queue("", "all unbound"); !result)
      return result.error();
    for (const std::string &name : host_.names_in(workqueues))
      if (auto result = plan_queue("/" + name, name); !result)
        return result.error();
    told_.is_captured = !host_.is_live();
    auto threads = told_.is_captured ? std::vector<pid_t>() : host_.procfs().process_ids();
    if (!threads)
      return threads.error();
    for (const pid_t thread : *threads)
      if (auto result = plan_thread(thread); !result)
        return result.error();
    auto told = std::make_shared<Told>(std::move(told_));
    plan_.tell = [told](const std::vector<Outcome> &outcomes) { return told->lines(outcomes); };
    return std::move(plan_);
  }

private:
  Result<> plan_queue(const std::string &folder, const std::string &name) {
    auto operation = take_out(FileSetting{workqueues + folder + "/cpumask"}, ValueFormat::mask);
    if (!operation)
      return operation.error();
    if (*operation) {
      plan_.operations.emplace_back(std::move(**operation));
      told_.queues.push_back(name);
    }
    return {};
  }

  Result<> plan_thread(pid_t thread) {
    const auto mask = allowed_cpus(thread);
    if (!mask)
      return {};
    const bool has_one = mask->intersects(request_.cpus);
    if (!has_one && !journal_.has_thread(thread))
      return {};
    auto stat = host_.stat(thread);
    if (!stat)
      return stat.error();
    if (!*stat || !(*stat)->is_kernels)
      return {};
    /* A new one still has its parent's name, and is perhaps about to be bound. */
    if ((*stat)->name == "kthreadd" && thread != kthreadd)
      return {};
    /* A worker is bound, or will be at once; if to several CPUs, its queue's mask moves it. */
    if ((*stat)->is_bound || (*stat)->name.starts_with("kworker/")) {
      told_.bound += has_one && !(*stat)->name.starts_with("kworker/u");
      return {};
    }
    auto operation = take_out(ThreadSetting{(*stat)->thread}, ValueFormat::list);
    if (!operation)
      return operation.error();
    if (*operation)
      plan_.operations.emplace_back(std::move(**operation));
    return {};
  }

  Result<std::optional<SetOperation>> take_out(Setting setting, ValueFormat format) const {
    return take_cpus_out(host_, std::move(setting), format, request_, journal_);
  }

  const Host &host_;
  const IsolationRequest &request_;
  const JournalContent &journal_;
  StepPlan plan_;
  Told told_;
};

} // namespace

Result<StepPlan> plan_kthreads(const Host &host, const IsolationRequest &request,
                               const JournalContent &journal) {
  return Planner(host, request, journal).run();
}

} // namespace qemu_pin
