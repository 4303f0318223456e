/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/control_group.h"

#include "base/folder.h"
#include "base/number.h"
#include "kernel/procfs.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <sstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace qemu_pin {

using namespace std::chrono_literals;

namespace {

std::optional<ThreadStat> stat_of(const Host &host, pid_t id) {
  auto stat = host.stat(id);
  return stat ? *stat : std::nullopt;
}

} // namespace

std::optional<CpusetHierarchy> cpuset_hierarchy(const Host &host) {
  for (const CpusetHierarchy &one : cpuset_hierarchies(host.path(""))) {
    const std::string controllers = " " + host.line_of(one.folder + "/cgroup.controllers") + " ";
    if (!one.is_v2 || controllers.find(" cpuset ") != std::string::npos)
      return one;
  }
  return std::nullopt;
}

std::set<std::string> controllers_below(const Host &host, const std::string &folder) {
  std::istringstream words(host.line_of(folder + "/cgroup.subtree_control"));
  return {std::istream_iterator<std::string>(words), {}};
}

std::string controllers_line(const std::set<std::string> &controllers) {
  return fmt::format("{}\n", fmt::join(controllers, " "));
}

std::vector<pid_t> ids_in(const Host &host, const std::string &file) {
  std::vector<pid_t> ids;
  auto text = host.read_file(file);
  std::string_view rest = text && *text ? std::string_view(**text) : "";
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (const auto id = number<pid_t>(line))
      ids.push_back(*id);
  }
  return ids;
}

bool control_group_exists(const Host &host, const std::string &folder) {
  struct stat status = {};
  return ::stat(host.path(folder).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::vector<std::string> control_groups_in(const Host &host, const std::string &folder) {
  std::vector<std::string> groups;
  visit_folder(host.path(folder), [&](const dirent &entry) {
    std::string group = folder + "/" + entry.d_name;
    if (entry.d_type == DT_DIR || (entry.d_type == DT_UNKNOWN && control_group_exists(host, group)))
      groups.push_back(std::move(group));
  });
  std::sort(groups.begin(), groups.end());
  return groups;
}

Result<bool> make_control_group(const Host &host, const std::string &folder) {
  if (mkdir(host.path(folder).c_str(), 0755) == 0)
    return true;
  if (errno == EEXIST)
    return false;
  return system_error(host.path(folder), errno);
}

/* What forks while we move is seen the next time; what has ended stays a moment, mostly a
 * very short one. */
Result<> remove_control_group(const Host &host, const std::string &folder,
                              const std::string &members, const std::string &home) {
  const auto deadline = std::chrono::steady_clock::now() + 2s;
  std::chrono::microseconds pause = 50us;
  const std::string path = host.path(folder);
  const std::string left = folder + "/" + members;
  const HostFile destination = host.writable(home + "/" + members);
  for (;;) {
    for (pid_t id : ids_in(host, left))
      (void)destination.write(fmt::format("{}\n", id)); /* seen by the next look */
    if (rmdir(path.c_str()) == 0 || errno == ENOENT)
      return {};
    if (errno != EBUSY || std::chrono::steady_clock::now() >= deadline)
      return system_error(path, errno);
    std::this_thread::sleep_for(pause);
    pause = std::min<std::chrono::microseconds>(2 * pause, 1ms);
  }
}

Members movable_members(const Host &host, const std::string &from, bool kernels_too) {
  Members members;
  for (pid_t id : ids_in(host, from)) {
    const auto stat = stat_of(host, id);
    if (!stat || (stat->is_kernels && !kernels_too))
      continue;
    if (stat->is_bound)
      members.unmoved.push_back(stat->name);
    else
      ++members.moved;
  }
  return members;
}

Result<Members> move_members(const Host &host, const std::string &from, const std::string &to,
                             bool kernels_too) {
  Members members;
  const HostFile destination = host.writable(to);
  std::set<pid_t> refused;
  for (bool moved = true; moved;) {
    moved = false;
    for (pid_t id : ids_in(host, from)) {
      if (refused.contains(id))
        continue;
      if (!kernels_too) {
        const auto stat = stat_of(host, id);
        if (!stat || stat->is_kernels)
          continue;
      }
      const auto written = destination.write(std::to_string(id) + "\n");
      if (written) {
        ++members.moved;
        moved = true;
        continue;
      }
      const auto stat = stat_of(host, id);
      if (stat && stat->is_kernels && written.error().number == EINVAL) {
        refused.insert(id);
        members.unmoved.push_back(stat->name);
      } else if (stat && written.error().number != ESRCH) {
        return Error{written.error().message + ", for process " + std::to_string(id)};
      }
    }
  }
  return members;
}

bool is_member(const Host &host, const std::string &file, const ThreadId &process) {
  const auto stat = stat_of(host, process.id);
  const std::vector<pid_t> members = ids_in(host, file);
  return stat && stat->thread == process &&
         std::find(members.begin(), members.end(), process.id) != members.end();
}

bool resets_to(const Host &host, const std::vector<CpusetHierarchy> &hierarchies,
               const ThreadId &thread, const CpuSet &cpus) {
  const auto group = cpuset_of(thread.id, hierarchies, host.path(""));
  return group && group->cpus == cpus;
}

} // namespace qemu_pin
