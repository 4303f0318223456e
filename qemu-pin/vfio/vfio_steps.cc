/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfio/vfio_steps.h"

#include "base/number.h"
#include "host/irqbalance.h"
#include "vfio/vfio_cpusets.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

namespace qemu_pin {

namespace {

/* The kernel's answers when it places an interrupt itself, and of controllers that cannot. */
const std::vector<int> kept_in_place = {EIO, EPERM, ENOSPC, EINVAL, EOPNOTSUPP};

StepPlan act(const char *file, const char *value, const char *line) {
  StepPlan plan;
  plan.operations.push_back(ActOperation{file, value});
  plan.tell = [line](const std::vector<Outcome> &) { return StepLines{line}; };
  return plan;
}

/* "3 set, 2 were so, 4 refused: /proc/irq/24/smp_affinity_list: Input/output error, ..." */
StepLines tell_sets(const std::vector<Outcome> &outcomes, const std::string &what) {
  std::size_t done = 0, already = 0, gone = 0;
  std::vector<std::string> refusals;
  for (const Outcome &outcome : outcomes) {
    done += outcome.kind == Outcome::Kind::done;
    already += outcome.kind == Outcome::Kind::already;
    gone += outcome.kind == Outcome::Kind::gone;
    if (outcome.kind == Outcome::Kind::refused)
      refusals.push_back(outcome.refusal.message);
  }
  StepLines lines{fmt::format("{}: {} set, {} were so already", what, done, already)};
  if (gone)
    lines.back() += fmt::format(", {} gone meanwhile", gone);
  for (const std::string &refusal : refusals)
    lines.push_back("stays: " + refusal);
  return lines;
}

/* An interrupt's CPUs as they are to be. Masked off all of its own, it goes to all others. */
CpuSet affinity_of(const CpuSet &now, const IrqAffinity &command, const CpuSet &others) {
  CpuSet cpus = command.adds ? now : without(now, command.cpus);
  if (command.adds)
    cpus.insert(command.cpus.begin(), command.cpus.end());
  return cpus.empty() ? others : cpus;
}

Result<StepPlan> plan_irq_affinity(const Host &host, const IrqAffinity &command) {
  const CpuSet others = without(host.online(), command.cpus);
  if (!command.adds && others.empty())
    return Error{cpus_are(cpu_list(command.cpus)) + " all that is online: interrupts need one"};
  StepPlan plan;
  for (const std::string &name : host.names_in("/proc/irq")) {
    if (!number<unsigned>(name))
      continue;
    const std::string file = "/proc/irq/" + name + "/smp_affinity_list";
    const std::string list = host.line_of(file);
    if (list.empty())
      continue; /* it has gone */
    auto now = read_cpu_set(list);
    if (!now)
      return Error{file + ": " + now.error().message};
    SetOperation set{FileSetting{file}, ValueFormat::list, Claim::Want::value,
                     cpu_list(affinity_of(*now, command, others)) + "\n"};
    set.tolerated = kept_in_place;
    plan.operations.emplace_back(std::move(set));
  }
  plan.tell = [](const std::vector<Outcome> &outcomes) {
    return tell_sets(outcomes, "interrupts");
  };
  return plan;
}

bool has_word(const std::string &words, const std::string &word) {
  return (" " + words + " ").find(" " + word + " ") != std::string::npos;
}

Result<StepPlan> plan_cpu_governor(const Host &host, const CpuGovernor &command) {
  StepPlan plan;
  for (unsigned cpu : command.cpus) {
    const std::string folder = fmt::format("/sys/devices/system/cpu/cpu{}/cpufreq", cpu);
    const std::string file = folder + "/scaling_governor";
    if (host.line_of(file).empty())
      return Error{fmt::format("CPU {} has no frequency governor: there is no {}", cpu, file)};
    const std::string all = host.line_of(folder + "/scaling_available_governors");
    if (!all.empty() && !has_word(all, command.governor))
      return Error{fmt::format("CPU {} has no governor '{}'; it has: {}", cpu, command.governor,
                               all.substr(0, all.find_last_not_of(' ') + 1))};
    plan.operations.emplace_back(SetOperation{FileSetting{file}, ValueFormat::text,
                                              Claim::Want::value, command.governor + "\n"});
  }
  plan.tell = [](const std::vector<Outcome> &outcomes) {
    return tell_sets(outcomes, "CPUs' governors");
  };
  return plan;
}

std::vector<std::string> ignored_flags(const char *command, const CpusetOptions &options) {
  std::vector<std::string> ignored;
  for (const CpusetFlag &flag : cpuset_flags())
    if (const auto value = options.*flag.value)
      ignored.push_back(fmt::format("{}: {} is of cgroup v1, and this host has v2: ignored",
                                    command, *value ? flag.on : flag.off));
  return ignored;
}

VfioStep step_of(const VfioCommand &command, PlanStep plan, bool repeats = false) {
  return {Step{command_name(command), "", true, std::move(plan)}, repeats};
}

/* A plan that needs the command and the host alone. */
template <typename Command, typename Plan> PlanStep planner(const Command &command, Plan plan) {
  return [command, plan](const Host &host, const IsolationRequest &, const JournalContent &) {
    return plan(host, command);
  };
}

} // namespace

std::vector<VfioStep> vfio_steps(const VfioCommand &command) {
  struct Visitor {
    const VfioCommand &whole;

    std::vector<VfioStep> operator()(const DropCaches &one) const {
      return {step_of(whole, planner(one, [](const Host &, const DropCaches &) {
                        return Result<StepPlan>(
                            act("/proc/sys/vm/drop_caches", "3\n", "caches dropped"));
                      }))};
    }
    std::vector<VfioStep> operator()(const CompactMemory &one) const {
      return {step_of(whole, planner(one, [](const Host &, const CompactMemory &) {
                        return Result<StepPlan>(
                            act("/proc/sys/vm/compact_memory", "1\n", "memory compacted"));
                      }))};
    }
    std::vector<VfioStep> operator()(const CpusetCreate &one) const {
      return {step_of(whole, planner(one, plan_cpuset_create))};
    }
    std::vector<VfioStep> operator()(const CpusetModify &one) const {
      return {step_of(whole, planner(one, plan_cpuset_modify))};
    }
    std::vector<VfioStep> operator()(const CpusetDelete &one) const {
      return {step_of(whole, planner(one, plan_cpuset_emptying), /*repeats=*/true),
              step_of(whole, planner(one, plan_cpuset_delete))};
    }
    std::vector<VfioStep> operator()(const MoveTasks &one) const {
      return {step_of(
          whole,
          [one](const Host &host, const IsolationRequest &, const JournalContent &journal) {
            return plan_move_tasks(host, one, journal);
          },
          /*repeats=*/true)};
    }
    std::vector<VfioStep> operator()(const IrqAffinity &one) const {
      return {step_of(whole, planner(one, plan_irq_affinity))};
    }
    std::vector<VfioStep> operator()(const CpuGovernor &one) const {
      return {step_of(whole, planner(one, plan_cpu_governor))};
    }
    std::vector<VfioStep> operator()(const RestoreFile &) const { return {}; }
  };
  return std::visit(Visitor{command}, command);
}

std::vector<std::string> vfio_warnings(const Host &host, const VfioCommand &command) {
  if (std::holds_alternative<IrqAffinity>(command)) {
    const auto process = irqbalance_process(host);
    if (!process)
      return {};
    return {fmt::format("{}: irqbalance (process {}) runs, and may move interrupts back",
                        command_name(command), process->id)};
  }
  const auto *created = std::get_if<CpusetCreate>(&command);
  const auto *modified = std::get_if<CpusetModify>(&command);
  if ((!created && !modified) || !has_cpusets_v2(host))
    return {};
  return ignored_flags(command_name(command), created ? created->options : modified->options);
}

} // namespace qemu_pin
