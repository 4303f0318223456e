/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/setting.h"

#include "base/number.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace qemu_pin {

namespace {

/* In the order of UnitSetting::Property. */
constexpr std::array properties = {"AllowedCPUs", "AllowedMemoryNodes"};
/* systemd says by a unit's suffix what it is. */
constexpr std::array units_with_cpus = {".slice",  ".scope", ".service",
                                        ".socket", ".mount", ".swap"};

/* Before and after the first blank. */
std::pair<std::string, std::string> halves(const std::string &name) {
  const std::size_t blank = std::min(name.find(' '), name.size());
  return {name.substr(0, blank), name.substr(std::min(blank + 1, name.size()))};
}

std::optional<ThreadId> thread_named(const std::string &name) {
  const auto [id, start_time] = halves(name);
  const auto first = number<pid_t>(id);
  const auto second = number<std::uint64_t>(start_time);
  return first && second ? std::optional(ThreadId{*first, *second}) : std::nullopt;
}

std::optional<UnitSetting> property_named(const std::string &name) {
  const auto [unit, property] = halves(name);
  const auto *const found = std::find(properties.begin(), properties.end(), property);
  const bool has_cpus =
      std::any_of(units_with_cpus.begin(), units_with_cpus.end(),
                  [&unit = unit](const char *suffix) { return unit.ends_with(suffix); });
  if (found == properties.end() || !has_cpus || unit.find('/') != std::string::npos)
    return std::nullopt;
  return UnitSetting{unit, static_cast<UnitSetting::Property>(found - properties.begin())};
}

std::string name_of(const ThreadId &thread) {
  return fmt::format("{} {}", thread.id, thread.start_time);
}

struct Namer {
  std::string operator()(const FileSetting &file) const { return file.path; }
  std::string operator()(const ThreadSetting &one) const { return name_of(one.thread); }
  std::string operator()(const UnitSetting &one) const {
    return fmt::format("{} {}", one.unit, one.property_name());
  }
  std::string operator()(const IrqbalanceSetting &one) const { return name_of(one.process); }
};

} // namespace

std::string FileSetting::folder() const {
  return std::filesystem::path(path).parent_path();
}

std::string FileSetting::name() const {
  return std::filesystem::path(path).filename();
}

const char *UnitSetting::property_name() const {
  return properties[static_cast<std::size_t>(property)];
}

const char *setting_kind(const Setting &setting) {
  return std::visit([](const auto &one) { return one.kind; }, setting);
}

std::string setting_name(const Setting &setting) {
  return std::visit(Namer(), setting);
}

Result<Setting> setting_named(std::string_view kind, const std::string &name) {
  if (kind == FileSetting::kind)
    return Setting(FileSetting{name});
  if (kind == UnitSetting::kind) {
    if (auto property = property_named(name))
      return Setting(std::move(*property));
    return Error{fmt::format("'{}' names no unit and property of CPUs or memory nodes", name)};
  }
  const auto thread = thread_named(name);
  if (!thread)
    return Error{fmt::format("'{}' names no thread", name)};
  if (kind == ThreadSetting::kind)
    return Setting(ThreadSetting{*thread});
  return Setting(IrqbalanceSetting{*thread});
}

std::string setting_text(const Setting &setting) {
  if (const auto *one = std::get_if<ThreadSetting>(&setting))
    return fmt::format("thread {}", one->thread.id);
  if (const auto *one = std::get_if<IrqbalanceSetting>(&setting))
    return fmt::format("irqbalance {}", one->process.id);
  return setting_name(setting);
}

bool has_gone(int number) {
  return number == ENOENT || number == ENODEV || number == ESRCH || number == ENOTDIR;
}

bool has_gone(const Error &refusal) {
  return has_gone(refusal.number);
}

} // namespace qemu_pin
