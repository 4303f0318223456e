/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/settings.h"

#include "base/words.h"
#include "host/irqbalance.h"
#include "host/unit_bus.h"
#include "kernel/thread_pin.h"

#include <cerrno>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <set>
#include <sstream>
#include <variant>

namespace qemu_pin {

namespace {

Result<std::optional<std::string>> read(const Host &host, const ThreadSetting &setting) {
  const ThreadId &thread = setting.thread;
  auto allowed = host.procfs().allowed_cpus(thread.id, thread.id);
  if (!allowed)
    return allowed.error();
  if (!*allowed || !host.procfs().has(thread))
    return std::optional<std::string>();
  return std::optional<std::string>((*allowed)->list);
}

/* CPUs that are offline the kernel adds by itself. */
Result<> write(const Host &host, const ThreadSetting &setting, const std::string &list) {
  const ThreadId &thread = setting.thread;
  const std::string what = setting_text(setting);
  if (!host.procfs().has(thread))
    return system_error(what, ESRCH);
  auto cpus = read_cpu_set(stripped(list));
  if (!cpus)
    return Error{what + ": " + cpus.error().message, EINVAL};
  if (auto result = apply_cpus(thread.id, without(*cpus, without(*cpus, host.online()))); !result)
    return host.procfs().has(thread) ? Error{what + ": " + result.error().message, EINVAL}
                                     : system_error(what, ESRCH);
  return {};
}

/* The kernel prints controllers in an order of its own, and is told of changes only. */
bool lists_controllers(const FileSetting &file) {
  return file.name() == "cgroup.subtree_control";
}

std::set<std::string> words_of(const std::string &text) {
  std::istringstream words(text);
  return {std::istream_iterator<std::string>(words), {}};
}

std::string controller_changes(const std::string &current, const std::string &wanted) {
  const std::set<std::string> before = words_of(current), after = words_of(wanted);
  std::string changes;
  for (const std::string &controller : after)
    if (!before.contains(controller))
      changes += "+" + controller + " ";
  for (const std::string &controller : before)
    if (!after.contains(controller))
      changes += "-" + controller + " ";
  return changes;
}

Result<std::optional<std::string>> read(const Host &host, const FileSetting &file) {
  auto text = host.read_file(file.path);
  if (!text || !*text || !lists_controllers(file))
    return text;
  return std::optional(fmt::format("{}\n", fmt::join(words_of(**text), " ")));
}

Result<> write(const Host &host, const FileSetting &file, const std::string &value) {
  return host.write_file(file.path, lists_controllers(file)
                                        ? controller_changes(host.line_of(file.path), value)
                                        : value);
}

Result<std::optional<std::string>> read(const Host & /*host*/, const UnitSetting &property) {
  return read_unit_property(property);
}

Result<> write(const Host &host, const UnitSetting &property, const std::string &value) {
  return write_unit_property(host, property, value);
}

Result<std::optional<std::string>> read(const Host &host, const IrqbalanceSetting &setting) {
  if (!host.procfs().has(setting.process))
    return std::optional<std::string>();
  return banned_cpus(host, setting.process.id);
}

Result<> write(const Host &host, const IrqbalanceSetting &setting, const std::string &value) {
  if (!host.procfs().has(setting.process))
    return system_error("irqbalance", ESRCH);
  return ban_cpus(host, setting.process.id, value);
}

} // namespace

Result<std::optional<std::string>> read_setting(const Host &host, const Setting &setting) {
  return std::visit([&](const auto &one) { return read(host, one); }, setting);
}

Result<> write_setting(const Host &host, const Setting &setting, const std::string &value) {
  return std::visit([&](const auto &one) { return write(host, one, value); }, setting);
}

} // namespace qemu_pin
