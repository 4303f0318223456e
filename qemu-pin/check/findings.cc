/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/findings.h"

#include "check/corrected_options.h"
#include "check/faults.h"
#include "check/guest_cores.h"

#include <algorithm>
#include <fmt/format.h>

namespace qemu_pin {

namespace {

/* Gives each option to the first finding of its part; those of none go with the last that is
 * about the vCPUs, which need them all. */
void share_out(const std::vector<CorrectedOption> &options, const Faults &faults,
               std::vector<Finding> &findings) {
  const auto last = [&](const auto &is_it) {
    const auto found = std::find_if(faults.rbegin(), faults.rend(), is_it);
    return found == faults.rend() ? nullptr : &findings[faults.rend() - found - 1];
  };
  for (const CorrectedOption &option : options) {
    Finding *to = last([&](const Fault &fault) {
      return fault.part == option.part && fault.iothread == option.iothread;
    });
    if (!to)
      to = last([](const Fault &fault) { return fault.part == Part::vcpus; });
    if (!to)
      to = last([](const Fault &fault) { return fault.part != Part::unknown; });
    if (to)
      to->corrected.push_back(option.text);
  }
}

std::string title_of(const GuestDescription &guest, const Mend &mend) {
  std::size_t changed = 0;
  for (const auto &[vcpu, cpus] : mend.guest.vcpus) {
    const auto now = guest.vcpus.find(vcpu);
    changed += now == guest.vcpus.end() || now->second != cpus;
  }
  const std::size_t vcpus = present_vcpus(guest).size();
  switch (mend.way) {
  case Way::kept:
    return "no vCPU moves";
  case Way::permuted:
    return fmt::format("{} of {} vCPU pins change; the vCPUs keep their host CPUs, in another "
                       "order",
                       changed, vcpus);
  case Way::moved:
    return fmt::format("{} of {} vCPU pins change", changed, vcpus);
  case Way::anew:
    return guest.vcpus.empty() ? "the vCPUs are planned, as none is pinned"
                               : "all vCPUs are planned anew, for no smaller change mends this";
  }
  return "";
}

} // namespace

Findings find_faults(const Topology &topology, const GuestDescription &guest) {
  Judgement judgement = judge(topology, guest);
  Findings findings;
  findings.notes = guest.notes;
  findings.notes.insert(findings.notes.end(), judgement.notes.begin(), judgement.notes.end());
  if (judgement.faults.empty())
    return findings;
  const Mend mend = mend_for(topology, guest, judgement.faults);
  if (!mend.failure.empty())
    judgement.faults.push_back({Part::unknown, "overcommitted", mend.failure, ""});
  for (const Fault &fault : judgement.faults)
    findings.list.push_back({fault.kind, fault.message, {}});
  const bool needs_topoext = topology.is_amd && mend.guest.topology.threads > 1 && !guest.topoext;
  const GuestDescription started = as_started(guest);
  const std::vector<CorrectedOption> options =
      corrected_options(started, mend.guest, needs_topoext);
  share_out(options, judgement.faults, findings.list);
  for (const CorrectedOption &option : options)
    findings.mend.push_back(option.text);
  findings.way = mend.way;
  /* What even the mend leaves, and was not there or not said before. */
  if (!options.empty())
    for (const Fault &fault : judge(topology, mend.guest).faults)
      if (fault.part != Part::unknown &&
          std::ranges::none_of(judgement.faults,
                               [&](const Fault &before) { return before.kind == fault.kind; }))
        findings.notes.push_back("with the mend, " + fault.message);
  if (!options.empty())
    findings.mend_title = title_of(started, mend);
  return findings;
}

} // namespace qemu_pin
