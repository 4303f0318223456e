/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/cpuset_inheritance.h"

#include "base/words.h"
#include "host/settings.h"

#include "host/control_group.h"
#include "kernel/procfs.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace qemu_pin {

namespace {

const std::vector<std::string> &set_names() {
  static const std::vector<std::string> names = {"cpuset.cpus", "cpuset.mems"};
  return names;
}

struct ThreadMask {
  ThreadSetting thread;
  std::string list;
};

/* Of the threads below that may not use all that their group has. */
void collect_masks(const Host &host, const std::string &folder, std::vector<ThreadMask> &masks) {
  for (const std::string &group : control_groups_in(host, folder)) {
    auto all = read_cpu_set(host.line_of(group + "/cpuset.cpus.effective"));
    for (const pid_t id : ids_in(host, group + "/cgroup.threads")) {
      auto stat = host.procfs().stat(id, id);
      if (!all || !stat || !*stat || (*stat)->is_bound)
        continue;
      const ThreadSetting thread{(*stat)->thread};
      auto list = read_setting(host, thread);
      auto cpus = list && *list ? read_cpu_set(stripped(**list)) : Result<CpuSet>(*all);
      if (cpus && !without(*all, *cpus).empty())
        masks.push_back({thread, **list});
    }
    collect_masks(host, group, masks);
  }
}

} // namespace

bool may_reset_cpusets(const Host &host, const std::string &folder,
                       const std::vector<std::string> &files) {
  const auto is_kept = [&](const std::string &file) {
    return !host.line_of(file).empty() &&
           std::find(files.begin(), files.end(), file) == files.end();
  };
  for (const std::string &group : control_groups_in(host, folder)) {
    const std::string partition = host.line_of(group + "/cpuset.cpus.partition");
    if (controllers_below(host, group).contains("cpuset") ||
        (!partition.empty() && partition != "member") || is_kept(group + "/" + set_names()[0]) ||
        is_kept(group + "/" + set_names()[1]))
      return false;
  }
  return controllers_below(host, folder).contains("cpuset");
}

std::string without_cpusets(const Host &host, const std::string &folder) {
  std::set<std::string> controllers = controllers_below(host, folder);
  controllers.erase("cpuset");
  return controllers_line(controllers);
}

Result<> reset_cpusets(const Host &host, const std::string &folder) {
  const FileSetting setting{folder + "/cgroup.subtree_control"};
  const std::string before = controllers_line(controllers_below(host, folder));
  std::vector<ThreadMask> masks;
  collect_masks(host, folder, masks);
  if (auto result = write_setting(host, setting, without_cpusets(host, folder)); !result)
    return result.error();
  if (auto result = write_setting(host, setting, before); !result)
    return result.error();
  for (const ThreadMask &mask : masks)
    (void)write_setting(host, mask.thread, mask.list); /* it may have ended */
  return {};
}

Result<> copy_parents_set(const Host &host, const std::string &file) {
  const std::filesystem::path path(file);
  const std::string parents = path.parent_path().parent_path() / path.filename();
  return host.write_file(file, host.line_of(parents + ".effective") + "\n");
}

} // namespace qemu_pin
