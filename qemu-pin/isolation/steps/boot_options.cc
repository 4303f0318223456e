/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/boot_options.h"

#include "base/printable.h"
#include "isolation/steps/kernel_command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace qemu_pin {

namespace {

constexpr const char *cpu_folder = "/sys/devices/system/cpu";

CpuSet joined(CpuSet a, const CpuSet &b) {
  a.insert(b.begin(), b.end());
  return a;
}

class Teller {
public:
  Teller(const Host &host, const CpuSet &cpus)
      : host_(host), cpus_(cpus), options_(boot_options(host.line_of("/proc/cmdline"))) {
    auto possible = read_cpu_set(host.line_of(file("possible")));
    possible_ = possible ? *possible : joined(host.online(), cpus);
  }

  StepLines run() {
    tell_isolcpus();
    tell_nohz_full();
    tell_rcu_nocbs();
    if (!add_.empty())
      lines_.push_back(fmt::format("add to the kernel's command line: {}", fmt::join(add_, " ")));
    if (!replaced_.empty())
      lines_.push_back(fmt::format("in place of: {}", fmt::join(replaced_, " ")));
    return std::move(lines_);
  }

private:
  static std::string file(const char *name) { return std::string(cpu_folder) + "/" + name; }

  /* Nothing where there is no such file. */
  std::optional<CpuSet> cpus_in(const char *name) const {
    const auto text = host_.read_file(file(name));
    if (!text || !*text)
      return std::nullopt;
    auto cpus = read_cpu_set(host_.line_of(file(name))); /* "  (null)" is none */
    return cpus ? *cpus : CpuSet();
  }

  /* True: something is missing. */
  bool tell(const std::string &what, const CpuSet &missing) {
    if (missing.empty())
      lines_.push_back(what + ": in force");
    else if (missing == cpus_)
      lines_.push_back(what + ": not in force");
    else
      lines_.push_back(fmt::format("{}: not in force for {}", what, cpu_list(missing)));
    return !missing.empty();
  }

  void tell_isolcpus() {
    const Isolcpus isolcpus = read_isolcpus(options_, possible_);
    /* A partition of cgroup v2 may do the same, and is seen in the file alone. */
    const CpuSet domain = cpus_in("isolated").value_or(isolcpus.domain);
    bool is_missing = tell("isolcpus=domain, no load balancing", without(cpus_, domain));
    is_missing |=
        tell("isolcpus=managed_irq, no managed interrupts", without(cpus_, isolcpus.managed_irq));
    if (!is_missing)
      return;
    const CpuSet all = joined(joined(isolcpus.domain, isolcpus.managed_irq), cpus_);
    add_.push_back(fmt::format("isolcpus={}managed_irq,domain,{}", isolcpus.has_nohz ? "nohz," : "",
                               cpu_list(all)));
    for (const std::string &text : isolcpus.texts)
      replaced_.push_back(printable(text));
  }

  void tell_nohz_full() {
    const auto now = cpus_in("nohz_full");
    if (!now) {
      lines_.emplace_back("nohz_full, no timer tick: this kernel is built without it");
      return;
    }
    tickless_ = *now;
    CpuSet missing = without(cpus_, tickless_);
    missing.erase(0); /* it keeps the time, whatever is asked */
    if (tell("nohz_full, no timer tick", missing))
      add("nohz_full", tickless_);
  }

  void tell_rcu_nocbs() {
    CpuSet asked; /* all, if the list is none */
    for (const BootOption &option : options_)
      if (option.name == "rcu_nocbs" && option.value)
        asked = boot_cpu_list(*option.value, possible_).value_or(possible_);
    if (tell("rcu_nocbs, no RCU callbacks", without(cpus_, joined(asked, tickless_))))
      add("rcu_nocbs", asked);
  }

  void add(const std::string &name, const CpuSet &former) {
    add_.push_back(name + "=" + cpu_list(joined(former, cpus_)));
    for (const BootOption &option : options_)
      if (option.name == name)
        replaced_.push_back(printable(option.text));
  }

  const Host &host_;
  const CpuSet &cpus_;
  std::vector<BootOption> options_;
  CpuSet possible_, tickless_;
  StepLines lines_;
  std::vector<std::string> add_, replaced_;
};

} // namespace

Result<StepPlan> plan_boot(const Host &host, const IsolationRequest &request,
                           const JournalContent & /*journal*/) {
  StepPlan plan;
  plan.tell = [lines = Teller(host, request.cpus).run()](const std::vector<Outcome> &) {
    return lines;
  };
  return plan;
}

} // namespace qemu_pin
