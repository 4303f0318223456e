/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/cpuset_group.h"

#include "base/file_content.h"
#include "base/text_file.h"
#include "base/words.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <vector>

namespace qemu_pin {

namespace {

std::vector<std::string_view> parts(std::string_view text, char separator) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    found.push_back(text.substr(0, text.find(separator)));
    text.remove_prefix(std::min(text.size(), found.back().size() + 1));
  }
  return found;
}

bool holds(std::string_view list, std::string_view word) {
  const auto words = parts(list, ',');
  return std::find(words.begin(), words.end(), word) != words.end();
}

/* Its path in that hierarchy, of lines ID:CONTROLLERS:PATH. */
std::optional<std::string> path_of(const std::string &cgroup, bool is_v2) {
  for (const std::string_view line : parts(cgroup, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos)
      continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    if (is_v2 ? controllers.empty() : holds(controllers, "cpuset"))
      return std::string(line.substr(second + 1));
  }
  return std::nullopt;
}

} // namespace

/* See proc(5), mountinfo. */
std::vector<CpusetHierarchy> cpuset_hierarchies(const std::string &root) {
  std::vector<CpusetHierarchy> found;
  const auto text = read_text_file(root + "/proc/self/mountinfo", content_limit);
  if (!text)
    return found;
  for (const std::string_view line : parts(*text, '\n')) {
    if (line.find(" - cgroup") == std::string_view::npos)
      continue;
    const std::vector<std::string_view> words = parts(line, ' ');
    for (std::size_t i = 6; i + 3 < words.size(); ++i)
      if (words[i] == "-") {
        if (words[i + 1] == "cgroup2")
          found.push_back({std::string(words[4]), true});
        else if (words[i + 1] == "cgroup" && holds(words[i + 3], "cpuset"))
          found.push_back({std::string(words[4]), false});
        break;
      }
  }
  return found;
}

std::optional<std::string> control_group_of(pid_t thread, bool is_v2, const std::string &root) {
  auto cgroup = read_text_file(root + "/proc/" + std::to_string(thread) + "/cgroup");
  return cgroup ? path_of(*cgroup, is_v2) : std::nullopt;
}

std::optional<CpusetGroup> cpuset_of(pid_t thread, const std::string &root) {
  return cpuset_of(thread, cpuset_hierarchies(root), root);
}

std::optional<CpusetGroup> cpuset_of(pid_t thread, const std::vector<CpusetHierarchy> &hierarchies,
                                     const std::string &root) {
  auto cgroup = read_text_file(root + "/proc/" + std::to_string(thread) + "/cgroup");
  if (!cgroup)
    return std::nullopt;
  for (const CpusetHierarchy &hierarchy : hierarchies) {
    const auto own = path_of(*cgroup, hierarchy.is_v2);
    if (!own)
      continue;
    /* In v2 a group without the controller has what its parent has. */
    for (std::filesystem::path path = *own;; path = path.parent_path()) {
      const std::string folder = root + hierarchy.folder + path.native();
      for (const char *name : {"/cpuset.cpus.effective", "/cpuset.effective_cpus"})
        if (auto list = read_text_file(folder + name))
          if (auto cpus = read_cpu_set(stripped(*list)))
            return CpusetGroup{path.native(), *cpus};
      if (path == path.parent_path())
        break;
    }
  }
  return std::nullopt;
}

} // namespace qemu_pin
