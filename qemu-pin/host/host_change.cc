/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/host_change.h"

#include "base/words.h"
#include <algorithm>

namespace qemu_pin {

namespace {

Result<CpuSet> set_before(const SettingChange &change) {
  const std::string before = stripped(change.before);
  if (before.empty())
    return change.means.empty() ? Result<CpuSet>(CpuSet()) : read_cpu_set(change.means);
  return change.format == ValueFormat::mask ? read_cpu_mask(before) : read_cpu_set(before);
}

} // namespace

bool same_value(const std::string &a, const std::string &b) {
  return stripped(a) == stripped(b);
}

Result<std::string> wanted_value(const SettingChange &change, const CpuSet &online) {
  using Want = Claim::Want;
  if (change.claims.empty())
    return change.before;
  const auto value = std::find_if(change.claims.rbegin(), change.claims.rend(),
                                  [](const Claim &claim) { return claim.want == Want::value; });
  if (value != change.claims.rend())
    return value->operand;
  CpuSet taken, added;
  for (const Claim &claim : change.claims) {
    auto cpus = read_cpu_set(claim.operand);
    if (!cpus)
      return cpus.error();
    (claim.want == Want::with ? added : taken).merge(*cpus);
  }
  auto before = set_before(change);
  if (!before)
    return Error{setting_text(change.setting) + ": " + before.error().message};
  CpuSet cpus = without(*before, taken);
  cpus.merge(added);
  if (std::none_of(cpus.begin(), cpus.end(), [&](unsigned cpu) { return online.contains(cpu); }))
    cpus = without(online, taken);
  const bool is_mask = change.format == ValueFormat::mask;
  return (is_mask ? cpu_mask(cpus, stripped(change.before)) : cpu_list(cpus)) + "\n";
}

} // namespace qemu_pin
