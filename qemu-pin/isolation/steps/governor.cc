/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/governor.h"

#include "base/number.h"
#include "base/printable.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>

namespace qemu_pin {

namespace {

constexpr const char *performance = "performance";

std::string cpufreq_file(unsigned cpu, const char *name) {
  return fmt::format("/sys/devices/system/cpu/cpu{}/cpufreq/{}", cpu, name);
}

std::vector<std::string> words(const std::string &text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

bool has(const std::vector<std::string> &all, const std::string &one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/* Online CPUs whose frequency is chosen as one: "0 1". */
CpuSet policy_of(const Host &host, unsigned cpu) {
  CpuSet cpus{cpu};
  for (const std::string &word : words(host.line_of(cpufreq_file(cpu, "affected_cpus"))))
    if (const auto one = number<unsigned>(word))
      cpus.insert(*one);
  return cpus;
}

struct Told {
  struct Policy {
    CpuSet cpus; /* isolated ones */
    bool is_preference;
  };
  std::vector<Policy> policies; /* one for each operation */
  std::string governor;
  StepLines notes;

  StepLines lines(const std::vector<Outcome> &outcomes) const {
    std::map<std::string, CpuSet> by_line;
    for (std::size_t i = 0; i < policies.size(); ++i)
      if (outcomes[i].kind != Outcome::Kind::gone)
        by_line[text(policies[i], outcomes[i])].insert(policies[i].cpus.begin(),
                                                       policies[i].cpus.end());
    StepLines lines;
    for (const auto &[line, cpus] : by_line)
      lines.push_back(fmt::format("{}: {}", cpus_text(cpu_list(cpus)), line));
    lines.insert(lines.end(), notes.begin(), notes.end());
    return lines;
  }

private:
  std::string text(const Policy &policy, const Outcome &outcome) const {
    const std::string wanted =
        policy.is_preference ? "energy preference performance" : "governor " + printable(governor);
    if (outcome.kind == Outcome::Kind::already)
      return wanted + ", as before";
    return outcome.before.empty() ? wanted : wanted + ", was " + printable(outcome.before);
  }
};

class Planner {
public:
  Planner(const Host &host, const IsolationRequest &request) : host_(host), request_(request) {}

  Result<StepPlan> run() {
    CpuSet without_cpufreq, seen;
    told_.governor = request_.governor;
    for (const unsigned cpu : request_.cpus) {
      if (seen.contains(cpu))
        continue;
      auto governor = host_.read_file(cpufreq_file(cpu, "scaling_governor"));
      if (!governor)
        return governor.error();
      if (!*governor) {
        without_cpufreq.insert(cpu);
        continue;
      }
      const CpuSet policy = policy_of(host_, cpu);
      seen.insert(policy.begin(), policy.end());
      if (auto result = plan(cpu, policy); !result)
        return result.error();
    }
    if (without_cpufreq == request_.cpus)
      told_.notes.emplace_back("this host has no cpufreq");
    else if (!without_cpufreq.empty())
      told_.notes.push_back("no cpufreq for " + cpus_text(cpu_list(without_cpufreq)));
    auto told = std::make_shared<Told>(std::move(told_));
    plan_.tell = [told](const std::vector<Outcome> &outcomes) { return told->lines(outcomes); };
    return std::move(plan_);
  }

private:
  Result<> plan(unsigned cpu, const CpuSet &policy) {
    const std::string &governor = request_.governor;
    const auto available = words_in(cpu, "scaling_available_governors");
    if (!available.empty() && !has(available, governor))
      return Error{fmt::format("CPU {} has no governor '{}'; it has {}", cpu, printable(governor),
                               printable(fmt::format("{}", fmt::join(available, ", "))))};
    const CpuSet others = without(policy, request_.cpus), ours = without(policy, others);
    if (!others.empty())
      told_.notes.push_back(fmt::format("{}, not isolated, {} with {}", cpus_text(cpu_list(others)),
                                        others.size() == 1 ? "goes" : "go",
                                        cpus_text(cpu_list(ours))));
    /* Every isolation has the same name for it. */
    const unsigned first = *policy.begin();
    if (governor == performance && has_preference(cpu))
      add(first, "energy_performance_preference", performance, {ours, true});
    add(first, "scaling_governor", governor, {ours, false});
    return {};
  }

  bool has_preference(unsigned cpu) const {
    const auto preference = host_.read_file(cpufreq_file(cpu, "energy_performance_preference"));
    const auto available = words_in(cpu, "energy_performance_available_preferences");
    return preference && *preference && (available.empty() || has(available, performance));
  }

  std::vector<std::string> words_in(unsigned cpu, const char *file) const {
    return words(host_.line_of(cpufreq_file(cpu, file)));
  }

  void add(unsigned cpu, const char *file, const std::string &value, Told::Policy policy) {
    plan_.operations.emplace_back(SetOperation{
        FileSetting{cpufreq_file(cpu, file)}, ValueFormat::text, Claim::Want::value, value + "\n"});
    told_.policies.push_back(std::move(policy));
  }

  const Host &host_;
  const IsolationRequest &request_;
  StepPlan plan_;
  Told told_;
};

} // namespace

Result<StepPlan> plan_governor(const Host &host, const IsolationRequest &request,
                               const JournalContent & /*journal*/) {
  return Planner(host, request).run();
}

} // namespace qemu_pin
