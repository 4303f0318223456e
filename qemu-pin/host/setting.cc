/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/setting.h"

#include "base/result.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <utility>

namespace qemu_pin {

namespace {

using Kind = SettingName::Kind;

constexpr std::array<std::pair<Kind, const char *>, 4> kinds = {{{Kind::file, "file"},
                                                                 {Kind::thread, "thread"},
                                                                 {Kind::unit, "unit"},
                                                                 {Kind::irqbalance, "irqbalance"}}};

} // namespace

bool has_gone(int number) {
  return number == ENOENT || number == ENODEV || number == ESRCH || number == ENOTDIR;
}

bool has_gone(const Error &refusal) {
  return has_gone(refusal.number);
}

bool is_write_only(const SettingName &setting) {
  return setting.kind == Kind::irqbalance;
}

const char *kind_name(Kind kind) {
  return std::find_if(kinds.begin(), kinds.end(),
                      [&](const auto &one) { return one.first == kind; })
      ->second;
}

std::optional<Kind> kind_of(std::string_view name) {
  for (const auto &[kind, text] : kinds)
    if (name == text)
      return kind;
  return std::nullopt;
}

SettingName file_setting(const std::string &file) {
  return {Kind::file, file};
}

SettingName thread_setting(pid_t thread, std::uint64_t start_time) {
  return {Kind::thread, std::to_string(thread) + " " + std::to_string(start_time)};
}

std::string setting_text(const SettingName &setting) {
  if (setting.kind == Kind::file || setting.kind == Kind::unit)
    return setting.name;
  return fmt::format("{} {}", kind_name(setting.kind),
                     setting.name.substr(0, setting.name.find(' ')));
}

} // namespace qemu_pin
