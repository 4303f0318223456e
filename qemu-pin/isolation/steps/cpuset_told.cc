/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/cpuset_told.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

namespace qemu_pin {

namespace {

void tell_moved(const Outcome &outcome, StepLines &lines) {
  if (outcome.moved)
    lines.push_back(fmt::format("{} moved there from the root group", outcome.moved));
  if (outcome.unmoved.empty())
    return;
  /* "kworker/3:1-events" is one of the kworkers. */
  std::map<std::string, unsigned> kinds;
  for (const std::string &name : outcome.unmoved)
    ++kinds[name.substr(0, name.find('/'))];
  std::vector<std::string> names;
  names.reserve(kinds.size());
  for (const auto &[name, count] : kinds)
    names.push_back(count == 1 ? name : fmt::format("{} ({})", name, count));
  lines.push_back(fmt::format("{} kernel threads are bound, and stay: {}", outcome.unmoved.size(),
                              fmt::join(names, ", ")));
}

std::string partition_line(const Outcome &outcome, const std::string &kind) {
  if (outcome.kind == Outcome::Kind::refused)
    return fmt::format("no {} partition, a plain set instead; the kernel says: {}", kind,
                       outcome.refusal.message);
  if (outcome.kind == Outcome::Kind::gone)
    return fmt::format("no {} partition: its group has gone", kind);
  return fmt::format("it is a partition of the kernel's: {}", kind);
}

} // namespace

StepLines CpusetTold::lines(const std::vector<Outcome> &outcomes) const {
  StepLines lines;
  if (!narrowed.empty())
    lines.push_back(fmt::format("on {} only: {}", cpus_text(rest), fmt::join(narrowed, ", ")));
  if (move_all)
    tell_moved(outcomes[*move_all], lines);
  if (!left.empty())
    lines.push_back(fmt::format("left alone, with no other CPUs: {}", fmt::join(left, ", ")));
  if (!group.empty())
    lines.push_back(fmt::format("the guest's group is {}", group));
  if (guest)
    lines.push_back(fmt::format("process {} is in it", guest));
  if (partition)
    lines.push_back(partition_line(outcomes[*partition], partition_kind));
  return lines;
}

} // namespace qemu_pin
