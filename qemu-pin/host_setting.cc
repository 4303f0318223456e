/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_setting.h"

#include "file_content.h"
#include "folder.h"
#include "irqbalance.h"
#include "number.h"
#include "thread_pin.h"
#include "unit_bus.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <set>
#include <sstream>
#include <unistd.h>
#include <utility>

namespace qemu_pin {

namespace {

using Kind = SettingName::Kind;

constexpr std::array<std::pair<Kind, const char *>, 4> kinds = {{{Kind::file, "file"},
                                                                 {Kind::thread, "thread"},
                                                                 {Kind::unit, "unit"},
                                                                 {Kind::irqbalance, "irqbalance"}}};

/* What was read or written has gone meanwhile. */
bool has_gone(int number) {
  return number == ENOENT || number == ENODEV || number == ESRCH || number == ENOTDIR;
}

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
bool is_there(const ThreadName &thread) {
  auto stat = Procfs().stat(thread.id, thread.id);
  return stat && *stat && (*stat)->start_time == thread.start_time;
}

Result<std::optional<std::string>> read_thread(const ThreadName &thread) {
  auto allowed = Procfs().allowed_cpus(thread.id, thread.id);
  if (!allowed)
    return allowed.error();
  if (!*allowed || !is_there(thread))
    return std::optional<std::string>();
  return std::optional<std::string>((*allowed)->list);
}

Refusal refusal(const std::string &what, int number) {
  return {number, system_error(what, number).message};
}

/* CPUs that are offline the kernel adds by itself. */
std::optional<Refusal> write_thread(const ThreadName &thread, const std::string &list,
                                    const CpuSet &online) {
  const std::string what = "thread " + std::to_string(thread.id);
  if (!is_there(thread))
    return refusal(what, ESRCH);
  auto cpus = read_cpu_set(list.substr(0, list.find('\n')));
  if (!cpus)
    return Refusal{EINVAL, what + ": " + cpus.error().message};
  if (auto error = apply_cpus(thread.id, without(*cpus, without(*cpus, online))))
    return is_there(thread) ? Refusal{EINVAL, what + ": " + error->message} : refusal(what, ESRCH);
  return std::nullopt;
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

bool has_gone(const Refusal &refusal) {
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

Result<std::optional<std::string>> Host::read_file(const std::string &file) const {
  FileContent content = read_content(path(file));
  if (content.fault == 0)
    return std::optional(std::move(content.text));
  if (has_gone(content.fault))
    return std::optional<std::string>();
  return system_error(path(file), content.fault);
}

std::string Host::line_of(const std::string &file) const {
  auto text = read_file(file);
  if (!text || !*text)
    return "";
  return (*text)->substr(0, (*text)->find_last_not_of('\n') + 1);
}

HostFile::HostFile(std::string path, bool is_live)
    : path_(std::move(path)), is_live_(is_live), fd_(open(path_.c_str(), O_WRONLY | O_CLOEXEC)),
      fault_(fd_ ? 0 : errno) {}

std::optional<Refusal> HostFile::write(const std::string &value) const {
  if (!fd_)
    return refusal(path_, fault_);
  const ssize_t size = ::write(fd_.number(), value.data(), value.size());
  if (size < 0)
    return refusal(path_, errno);
  if (static_cast<std::size_t>(size) != value.size())
    return refusal(path_, EIO);
  /* Not before: a captured file is never empty meanwhile. */
  if (!is_live_ && (ftruncate(fd_.number(), size) != 0 || lseek(fd_.number(), 0, SEEK_SET) != 0))
    return refusal(path_, errno);
  return std::nullopt;
}

HostFile Host::writable(const std::string &file) const {
  return {path(file), is_live()};
}

std::optional<Refusal> Host::write_file(const std::string &file, const std::string &value) const {
  return writable(file).write(value);
}

std::vector<std::string> Host::names_in(const std::string &folder) const {
  std::vector<std::string> names;
  visit_folder(path(folder), [&](const dirent &entry) { names.emplace_back(entry.d_name); });
  std::sort(names.begin(), names.end());
  return names;
}

CpuSet Host::online() const {
  auto cpus = read_cpu_set(line_of("/sys/devices/system/cpu/online"));
  return cpus ? *cpus : CpuSet();
}

Result<std::optional<ThreadStat>> Host::stat(pid_t thread) const {
  using Found = std::optional<ThreadStat>;
  if (const auto known = bound_->find(thread); known != bound_->end())
    return Found(known->second);
  auto found = Procfs().stat(thread, thread);
  if (found && *found && (*found)->is_kernels && (*found)->is_bound)
    bound_->emplace(thread, **found);
  return found;
}

Result<std::optional<std::string>> Host::read(const SettingName &setting) const {
  if (setting.kind == Kind::file) {
    auto text = read_file(setting.name);
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
    return read_thread(*thread);
  return is_there(*thread) ? banned_cpus(thread->id) : std::optional<std::string>();
}

std::optional<Refusal> Host::write(const SettingName &setting, const std::string &value) const {
  if (setting.kind == Kind::file)
    return write_file(setting.name, lists_controllers(setting.name)
                                        ? controller_changes(line_of(setting.name), value)
                                        : value);
  if (setting.kind == Kind::unit)
    return write_unit_property(setting.name, value);
  const auto thread = thread_of(setting.name);
  if (!thread)
    return Refusal{EINVAL, "'" + setting.name + "' names no thread"};
  if (setting.kind == Kind::thread)
    return write_thread(*thread, value, online());
  return is_there(*thread) ? ban_cpus(thread->id, value) : refusal("irqbalance", ESRCH);
}

} // namespace qemu_pin
