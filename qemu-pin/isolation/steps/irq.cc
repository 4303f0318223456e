/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/irq.h"

#include "base/words.h"
#include "host/settings.h"

#include "base/number.h"
#include "base/printable.h"
#include "host/irqbalance.h"
#include "isolation/steps/taken_cpus.h"
#include "kernel/interrupts.h"
#include "kernel/procfs.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <memory>
#include <set>

namespace qemu_pin {

namespace {

constexpr std::size_t line_width = 76;

/* The kernel's answers when it places an interrupt itself, and of controllers that cannot. */
const std::vector<int> kept_in_place = {EIO, EPERM, ENOSPC, EOPNOTSUPP};
/* irqbalance cannot be told. */
const std::vector<int> deaf = {ECONNREFUSED, ECONNRESET, EPIPE, ETIMEDOUT, EMSGSIZE};

/* Who asked for it: "virtio1-req.0" of "PCI-MSIX-0000:00:02.0 1-edge virtio1-req.0". */
std::string devices(const std::string &name) {
  for (std::size_t end = name.size(); end != std::string::npos && end > 0;) {
    const std::size_t blank = name.rfind(' ', end - 1);
    const std::size_t begin = blank == std::string::npos ? 0 : blank + 1;
    std::string word = name.substr(begin, end - begin);
    std::transform(word.begin(), word.end(), word.begin(),
                   [](unsigned char letter) { return std::tolower(letter); });
    for (const char *trigger : {"edge", "level", "fasteoi"})
      if (word.ends_with(trigger) && end < name.size())
        return name.substr(end + 1);
    end = blank;
  }
  return name;
}

struct Irq {
  unsigned number;
  std::string name; /* as /proc/interrupts has it; "" of one that nobody uses */
};

/* "6 stay: 24-29 (virtio1-req.0, virtio1-req.1, ...)": as many names as there is room for */
std::string irqs_line(const std::string &begin, const std::vector<Irq> &irqs) {
  constexpr std::string_view between = ", ", more = ", ...)";
  CpuSet numbers;
  for (const Irq &irq : irqs)
    numbers.insert(irq.number);
  const std::string line = begin + cpu_list(numbers); /* the same notation */
  std::string names;
  for (const Irq &irq : irqs) {
    const std::string name = printable(devices(irq.name));
    if (name.empty())
      continue;
    const std::size_t width =
        line.size() + names.size() + between.size() + name.size() + more.size();
    if (!names.empty() && width > line_width)
      return line + names.append(more);
    names.append(names.empty() ? " (" : between).append(name);
  }
  return names.empty() ? line : line + names + ")";
}

/* What each operation is for, in their order. */
struct Aim {
  enum class Kind { irqbalance, newcomers, off, to_guest } kind;
  Irq irq = {};
};

struct Told {
  std::vector<Aim> aims;
  std::size_t interrupts = 0; /* with a number */
  std::string cpus;
  pid_t irqbalance = 0;
  StepLines notes;

  StepLines lines(const std::vector<Outcome> &outcomes) const {
    std::size_t moved = 0;
    std::vector<Irq> steered;
    std::map<std::string, std::vector<Irq>> kept;
    StepLines lines = notes, last;
    for (std::size_t i = 0; i < aims.size(); ++i) {
      const auto &[kind, irq] = aims[i];
      const bool is_done = outcomes[i].kind == Outcome::Kind::done;
      const bool is_so = is_done || outcomes[i].kind == Outcome::Kind::already;
      if (kind == Aim::Kind::irqbalance)
        lines.push_back(irqbalance_line(outcomes[i]));
      else if (outcomes[i].kind == Outcome::Kind::refused)
        kept[reason(outcomes[i])].push_back(irq);
      else if (kind == Aim::Kind::off)
        moved += is_done;
      else if (kind == Aim::Kind::to_guest && is_so)
        steered.push_back(irq);
      else if (kind == Aim::Kind::newcomers && is_so)
        last.emplace_back("new ones begin elsewhere");
    }
    const std::string all = counted(interrupts, "interrupt");
    lines.push_back(moved == 0 && kept.empty() && steered.empty()
                        ? fmt::format("none of {} had to move", all)
                        : fmt::format("{} of {} moved off", moved, all));
    for (const auto &[why, irqs] : kept)
      lines.push_back(irqs_line(fmt::format("{} stay, {}: ", irqs.size(), why), irqs));
    if (!steered.empty()) {
      lines.push_back(irqs_line(fmt::format("now on {}: ", cpus_text(cpus)), steered));
      if (irqbalance)
        lines.emplace_back("irqbalance will move those again: it has to be started with --banirq");
    }
    lines.insert(lines.end(), last.begin(), last.end());
    return lines;
  }

private:
  std::string irqbalance_line(const Outcome &outcome) const {
    if (outcome.kind == Outcome::Kind::refused)
      return "irqbalance may move interrupts back: " + outcome.refusal.message;
    if (outcome.kind == Outcome::Kind::gone)
      return fmt::format("irqbalance (process {}) has ended", irqbalance);
    return fmt::format("irqbalance (process {}) leaves {} alone", irqbalance, cpus_text(cpus));
  }

  static std::string reason(const Outcome &outcome) {
    const int number = outcome.refusal.number;
    return number == EIO || number == EPERM ? "as the kernel places them" : std::strerror(number);
  }
};

class Planner {
public:
  Planner(const Host &host, const IsolationRequest &request, const JournalContent &journal)
      : host_(host), request_(request), journal_(journal) {
    told_.cpus = request.id().list();
  }

  Result<StepPlan> run() {
    if (host_.is_live())
      tell_irqbalance();
    if (auto result = add_taken(take_cpus_out(host_, FileSetting{"/proc/irq/default_smp_affinity"},
                                              ValueFormat::mask, request_, journal_),
                                {Aim::Kind::newcomers});
        !result)
      return result.error();
    auto irqs = list();
    if (!irqs)
      return irqs.error();
    for (const Irq &irq : *irqs)
      if (auto result = plan(irq); !result)
        return result.error();
    for (const std::string &pattern : request_.irq_to_guest)
      if (!matched_.contains(pattern))
        told_.notes.push_back(fmt::format("no interrupt has '{}' in its name", printable(pattern)));
    auto told = std::make_shared<Told>(std::move(told_));
    plan_.tell = [told](const std::vector<Outcome> &outcomes) { return told->lines(outcomes); };
    return std::move(plan_);
  }

private:
  Result<std::vector<Irq>> list() const {
    auto table = read_interrupts(host_.path("/proc/interrupts"));
    if (!table && !request_.irq_to_guest.empty())
      return table.error();
    std::map<std::string, std::string> names;
    for (const Interrupt &interrupt : table ? *table : std::vector<Interrupt>())
      names[interrupt.label] = interrupt.name;
    std::vector<Irq> irqs;
    for (const std::string &folder : host_.names_in("/proc/irq"))
      if (const auto irq = number<unsigned>(folder))
        irqs.push_back({*irq, names[folder]});
    std::sort(irqs.begin(), irqs.end(),
              [](const Irq &a, const Irq &b) { return a.number < b.number; });
    return irqs;
  }

  Result<> plan(const Irq &irq) {
    Setting setting = FileSetting{fmt::format("/proc/irq/{}/smp_affinity_list", irq.number)};
    auto value = read_setting(host_, setting);
    if (!value)
      return value.error();
    if (!*value)
      return {}; /* one that is not to be moved at all, or has gone */
    ++told_.interrupts;
    if (!is_for_guest(irq) || is_steered_by_another(setting))
      return add_taken(take_cpus_out(std::move(**value), std::move(setting), ValueFormat::list,
                                     request_, journal_),
                       {Aim::Kind::off, irq});
    SetOperation steer{
        std::move(setting), ValueFormat::list, Claim::Want::value, request_.id().list() + "\n", "",
        kept_in_place};
    steer.before = std::move(*value);
    add(std::move(steer), {Aim::Kind::to_guest, irq});
    return {};
  }

  bool is_for_guest(const Irq &irq) {
    bool is_one = false;
    for (const std::string &pattern : request_.irq_to_guest)
      if (irq.name.find(pattern) != std::string::npos) {
        matched_.insert(pattern);
        is_one = true;
      }
    return is_one;
  }

  /* Two guests may ask for the same names: who came first keeps them. */
  bool is_steered_by_another(const Setting &setting) const {
    const SettingChange *change = journal_.find_setting(setting);
    return change &&
           std::any_of(change->claims.begin(), change->claims.end(), [&](const Claim &claim) {
             return claim.want == Claim::Want::value && claim.by != request_.id();
           });
  }

  Result<> add_taken(Result<std::optional<SetOperation>> operation, Aim aim) {
    if (!operation)
      return operation.error();
    if (!*operation)
      return {};
    if (aim.kind == Aim::Kind::off)
      (*operation)->tolerated = kept_in_place;
    add(std::move(**operation), std::move(aim));
    return {};
  }

  void add(SetOperation operation, Aim aim) {
    plan_.operations.emplace_back(std::move(operation));
    told_.aims.push_back(std::move(aim));
  }

  void tell_irqbalance() {
    const auto process = irqbalance_process(host_);
    if (!process)
      return;
    told_.irqbalance = process->id;
    SetOperation operation{IrqbalanceSetting{*process}, ValueFormat::list, Claim::Want::with,
                           request_.id().list()};
    operation.tolerated = deaf;
    if (!journal_.find_setting(operation.setting)) {
      auto ban = settled_ban(host_, process->id, request_.cpus);
      if (!ban)
        told_.notes.push_back("irqbalance may move interrupts back: " + ban.error().message);
      if (!ban || !*ban)
        return;
      /* Ours among the CPUs that it was told are of an isolation that has just ended. */
      const CpuSet &now = (*ban)->cpus, &own = (*ban)->by_itself;
      const bool is_own =
          without(own, now).empty() && without(without(now, own), request_.cpus).empty();
      operation.means = cpu_list(own);
      operation.before = (is_own ? "" : cpu_list(now)) + "\n";
    }
    add(std::move(operation), {Aim::Kind::irqbalance});
  }

  const Host &host_;
  const IsolationRequest &request_;
  const JournalContent &journal_;
  StepPlan plan_;
  Told told_;
  std::set<std::string> matched_; /* patterns */
};

} // namespace

Result<StepPlan> plan_irq(const Host &host, const IsolationRequest &request,
                          const JournalContent &journal) {
  return Planner(host, request, journal).run();
}

} // namespace qemu_pin
