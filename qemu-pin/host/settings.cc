/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/settings.h"

#include "base/number.h"
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

namespace qemu_pin {

namespace {

using Kind = SettingName::Kind;

struct ThreadName {
  pid_t id;
  std::uint64_t start_time;
};

std::optional<ThreadName> thread_of(const std::string &name) {
  const std::size_t blank = name.find(' ');
  if (blank == std::string::npos)
    return std::nullopt;
  const auto id = number<pid_t>(name.substr(0, blank));
  const auto start_time = number<std::uint64_t>(name.substr(blank + 1));
  if (!id || !start_time)
    return std::nullopt;
  return ThreadName{*id, *start_time};
}

/* Still the thread that it was? */
bool is_there(const Host &host, const ThreadName &thread) {
  auto stat = host.procfs().stat(thread.id, thread.id);
  return stat && *stat && (*stat)->start_time == thread.start_time;
}

Result<std::optional<std::string>> read_thread(const Host &host, const ThreadName &thread) {
  auto allowed = host.procfs().allowed_cpus(thread.id, thread.id);
  if (!allowed)
    return allowed.error();
  if (!*allowed || !is_there(host, thread))
    return std::optional<std::string>();
  return std::optional<std::string>((*allowed)->list);
}

/* CPUs that are offline the kernel adds by itself. */
Result<> write_thread(const Host &host, const ThreadName &thread, const std::string &list) {
  const std::string what = "thread " + std::to_string(thread.id);
  if (!is_there(host, thread))
    return system_error(what, ESRCH);
  auto cpus = read_cpu_set(stripped(list));
  if (!cpus)
    return Error{what + ": " + cpus.error().message, EINVAL};
  if (auto result = apply_cpus(thread.id, without(*cpus, without(*cpus, host.online()))); !result)
    return is_there(host, thread) ? Error{what + ": " + result.error().message, EINVAL}
                                  : system_error(what, ESRCH);
  return {};
}

/* The kernel prints controllers in an order of its own, and is told of changes only. */
bool lists_controllers(const std::string &file) {
  return file.ends_with("/cgroup.subtree_control");
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

} // namespace

Result<std::optional<std::string>> read_setting(const Host &host, const SettingName &setting) {
  if (setting.kind == Kind::file) {
    auto text = host.read_file(setting.name);
    if (!text || !*text || !lists_controllers(setting.name))
      return text;
    return std::optional(fmt::format("{}\n", fmt::join(words_of(**text), " ")));
  }
  if (setting.kind == Kind::unit)
    return read_unit_property(setting.name);
  const auto thread = thread_of(setting.name);
  if (!thread)
    return Error{"'" + setting.name + "' names no thread"};
  if (setting.kind == Kind::thread)
    return read_thread(host, *thread);
  return is_there(host, *thread) ? banned_cpus(host, thread->id) : std::optional<std::string>();
}

Result<> write_setting(const Host &host, const SettingName &setting, const std::string &value) {
  if (setting.kind == Kind::file)
    return host.write_file(setting.name, lists_controllers(setting.name)
                                             ? controller_changes(host.line_of(setting.name), value)
                                             : value);
  if (setting.kind == Kind::unit)
    return write_unit_property(setting.name, value);
  const auto thread = thread_of(setting.name);
  if (!thread)
    return Error{"'" + setting.name + "' names no thread", EINVAL};
  if (setting.kind == Kind::thread)
    return write_thread(host, *thread, value);
  return is_there(host, *thread) ? ban_cpus(host, thread->id, value)
                                 : system_error("irqbalance", ESRCH);
}

} // namespace qemu_pin
