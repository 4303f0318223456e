/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/procfs.h"

#include "base/file_content.h"
#include "base/folder.h"
#include "base/number.h"
#include "base/words.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>

namespace qemu_pin {

namespace {

/* A file of a thread that has ended: either it is not there, or it was opened
 * just before the end and cannot be read any more. */
bool means_gone(int number) {
  return number == ENOENT || number == ESRCH;
}

Result<std::optional<std::string>> read_file(const std::string &path, bool of_a_thread = false) {
  FileContent content = read_content(path, of_a_thread);
  if (content.fault == 0)
    return std::optional(std::move(content.text));
  if (means_gone(content.fault))
    return std::optional<std::string>();
  return system_error(path, content.fault);
}

/* What follows the first n of the words that single blanks part; empty if there are fewer. */
std::string_view after_words(std::string_view text, unsigned n) {
  for (; n > 0; --n) {
    std::size_t blank = text.find(' ');
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
  }
  return text;
}

/* The nth of them, from 0. */
std::string_view word(std::string_view text, unsigned n) {
  text = after_words(text, n);
  return text.substr(0, text.find_first_of(" \n"));
}

/* Bits of field 9 of stat (Linux's PF_EXITING, PF_KTHREAD and PF_NO_SETAFFINITY). */
constexpr unsigned ending = 4, kernels = 0x00200000, bound = 0x04000000;

/* Empty within when the thread is ending. A name may hold blanks and parentheses,
 * so it ends at the last ')'. */
std::optional<std::optional<ThreadStat>> parse_stat(pid_t thread, std::string_view text) {
  std::size_t open = text.find('(');
  std::size_t close = text.rfind(") ");
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return std::nullopt;
  std::string_view from_field_3 = text.substr(close + 2);
  std::string_view rest = from_field_3;
  auto field = [&rest, at = 3U](unsigned wanted) mutable {
    rest = after_words(rest, wanted - std::exchange(at, wanted));
    return word(rest, 0);
  };
  auto flags = number<unsigned>(field(9));
  auto start_time = number<std::uint64_t>(field(22));
  auto processor = number<unsigned>(field(39));
  auto rt_priority = number<unsigned>(field(40));
  auto policy = number<unsigned>(field(41));
  if (!flags || !start_time || !processor || !rt_priority || !policy)
    return std::nullopt;
  if (*flags & ending)
    return std::optional<ThreadStat>();
  return ThreadStat{{thread, *start_time}, std::string(text.substr(open + 1, close - open - 1)),
                    from_field_3[0],       (*flags & kernels) != 0,
                    (*flags & bound) != 0, *processor,
                    *rt_priority,          *policy};
}

/* The number after "key   :" on a line of sched. */
std::optional<std::uint64_t> sched_value(std::string_view text, std::string_view key) {
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    std::string_view rest = text.substr(at + key.size());
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(' ')));
    if ((at > 0 && text[at - 1] != '\n') || !rest.starts_with(':'))
      continue;
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(' ', 1)));
    return number<std::uint64_t>(rest.substr(0, rest.find('\n')));
  }
  return std::nullopt;
}

/* What follows "key:" and a tab on a line of status. */
std::optional<std::string_view> status_value(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.starts_with(key) && line.substr(key.size()).starts_with(":\t"))
      return line.substr(key.size() + 2);
  }
  return std::nullopt;
}

/* Each ends with a NUL. */
Result<std::vector<std::string>> read_strings(const std::string &path) {
  auto text = read_file(path);
  if (!text)
    return text.error();
  std::vector<std::string> found;
  if (*text)
    for (std::size_t at = 0; at < (*text)->size(); at += found.back().size() + 1)
      found.emplace_back((*text)->c_str() + at);
  return found;
}

} // namespace

Result<std::vector<pid_t>> Procfs::thread_ids(pid_t process) const {
  const std::string folder = file(process, "task");
  std::vector<pid_t> ids;
  std::string stranger;
  const int fault = visit_folder(folder, [&](const dirent &entry) {
    if (auto id = number<pid_t>(entry.d_name))
      ids.push_back(*id);
    else
      stranger = entry.d_name;
  });
  if (!stranger.empty())
    return Error{folder + "/" + stranger + ": not a thread's id"};
  if (fault && !means_gone(fault))
    return system_error(folder, fault);
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<std::vector<pid_t>> Procfs::process_ids() const {
  std::vector<pid_t> ids;
  const int fault = visit_folder(root_, [&](const dirent &entry) {
    if (auto id = number<pid_t>(entry.d_name))
      ids.push_back(*id);
  });
  if (fault)
    return system_error(root_, fault);
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<std::vector<std::string>> Procfs::arguments(pid_t process) const {
  return read_strings(file(process, "cmdline"));
}

Result<std::vector<std::string>> Procfs::environment(pid_t process) const {
  return read_strings(file(process, "environ"));
}

std::string Procfs::name(pid_t process) const {
  auto text = read_file(file(process, "comm"));
  return text && *text ? stripped(**text) : "";
}

std::string Procfs::program(pid_t process) const {
  std::error_code error;
  return std::filesystem::read_symlink(file(process, "exe"), error).native();
}

Result<std::optional<pid_t>> Procfs::process_of(pid_t thread) const {
  const std::string path = file(thread, "status");
  auto text = read_file(path);
  if (!text)
    return text.error();
  if (!*text)
    return std::optional<pid_t>();
  auto value = status_value(**text, "Tgid");
  auto process = value ? number<pid_t>(*value) : std::nullopt;
  if (!process)
    return Error{path + ": no Tgid"};
  return process;
}

Result<std::optional<ThreadUsage>> Procfs::usage(pid_t process, pid_t thread,
                                                 const ThreadUsage *former) const {
  const std::string path = thread_file(process, thread, "schedstat");
  auto text = read_file(path, true);
  if (!text)
    return text.error();
  if (!*text)
    return std::optional<ThreadUsage>();
  auto run = number<std::uint64_t>(word(**text, 0));
  auto wait = number<std::uint64_t>(word(**text, 1));
  auto slices = number<std::uint64_t>(word(**text, 2));
  if (!run || !wait || !slices)
    return Error{path + ": not a thread's schedstat"};
  ThreadUsage usage{*run, *wait, *slices, {}, {}};
  if (former && former->run_ns == *run && former->wait_ns == *wait && former->slices == *slices)
    return std::optional(*former);
  auto sched = read_file(thread_file(process, thread, "sched"), true);
  if (sched && *sched) {
    usage.migrations = sched_value(**sched, "se.nr_migrations");
    usage.involuntary = sched_value(**sched, "nr_involuntary_switches");
  }
  return std::optional(usage);
}

Result<std::optional<AllowedCpus>> Procfs::allowed_cpus(pid_t process, pid_t thread) const {
  const std::string path = thread_file(process, thread, "status");
  auto text = read_file(path);
  if (!text)
    return text.error();
  if (!*text)
    return std::optional<AllowedCpus>();
  auto list = status_value(**text, "Cpus_allowed_list");
  if (!list)
    return Error{path + ": no Cpus_allowed_list"};
  auto cpus = read_cpu_set(std::string(*list));
  if (!cpus)
    return Error{path + ": " + cpus.error().message};
  return std::optional(AllowedCpus{std::string(*list), std::move(*cpus)});
}

Result<std::optional<ThreadStat>> Procfs::stat(pid_t process, pid_t thread) const {
  const std::string path = thread_file(process, thread, "stat");
  auto text = read_file(path, true);
  if (!text)
    return text.error();
  if (!*text)
    return std::optional<ThreadStat>();
  auto stat = parse_stat(thread, **text);
  if (!stat)
    return Error{path + ": not a thread's stat"};
  return *stat;
}

bool Procfs::has(const ThreadId &thread) const {
  auto found = stat(thread.id, thread.id);
  return found && *found && (*found)->thread == thread;
}

std::string Procfs::file(pid_t process, const char *name) const {
  return root_ + "/" + std::to_string(process) + "/" + name;
}

std::string Procfs::thread_file(pid_t process, pid_t thread, const char *name) const {
  return file(process, "task/") + std::to_string(thread) + "/" + name;
}

} // namespace qemu_pin
