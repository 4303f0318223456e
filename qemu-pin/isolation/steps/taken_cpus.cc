/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/taken_cpus.h"

#include "base/words.h"
#include "host/settings.h"

#include <algorithm>

namespace qemu_pin {

Result<CpuSet> read_cpus(const std::string &value, ValueFormat format) {
  const std::string line = stripped(value);
  if (line.empty())
    return CpuSet();
  return format == ValueFormat::mask ? read_cpu_mask(line) : read_cpu_set(line);
}

Result<std::optional<SetOperation>> take_cpus_out(const Host &host, Setting setting,
                                                  ValueFormat format,
                                                  const IsolationRequest &request,
                                                  const JournalContent &journal) {
  auto value = read_setting(host, setting);
  if (!value)
    return value.error();
  if (!*value)
    return std::optional<SetOperation>();
  return take_cpus_out(std::move(**value), std::move(setting), format, request, journal);
}

Result<std::optional<SetOperation>> take_cpus_out(std::string value, Setting setting,
                                                  ValueFormat format,
                                                  const IsolationRequest &request,
                                                  const JournalContent &journal) {
  using Found = std::optional<SetOperation>;
  auto cpus = read_cpus(value, format);
  if (!cpus)
    return Error{setting_text(setting) + ": " + cpus.error().message};
  if (const SettingChange *change = journal.find_setting(setting))
    if (auto before = read_cpus(change->before, format))
      cpus->merge(*before);
  const bool has_one = std::any_of(request.cpus.begin(), request.cpus.end(),
                                   [&](unsigned cpu) { return cpus->contains(cpu); });
  if (!has_one)
    return Found();
  SetOperation operation{std::move(setting), format, Claim::Want::without, request.id().list()};
  operation.before = std::move(value);
  return Found(std::move(operation));
}

} // namespace qemu_pin
