/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/host.h"

#include "base/file_content.h"
#include "base/folder.h"
#include "base/words.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace qemu_pin {

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
  return stripped(**text);
}

HostFile::HostFile(std::string path, bool is_live)
    : path_(std::move(path)), is_live_(is_live), fd_(open(path_.c_str(), O_WRONLY | O_CLOEXEC)),
      fault_(fd_ ? 0 : errno) {}

Result<> HostFile::write(const std::string &value) const {
  if (!fd_)
    return system_error(path_, fault_);
  const ssize_t size = ::write(fd_.number(), value.data(), value.size());
  if (size < 0)
    return system_error(path_, errno);
  if (static_cast<std::size_t>(size) != value.size())
    return system_error(path_, EIO);
  /* Not before: a captured file is never empty meanwhile. */
  if (!is_live_ && (ftruncate(fd_.number(), size) != 0 || lseek(fd_.number(), 0, SEEK_SET) != 0))
    return system_error(path_, errno);
  return {};
}

HostFile Host::writable(const std::string &file) const {
  return {path(file), is_live()};
}

Result<> Host::write_file(const std::string &file, const std::string &value) const {
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
  auto found = procfs_.stat(thread, thread);
  if (found && *found && (*found)->is_kernels && (*found)->is_bound)
    bound_->emplace(thread, **found);
  return found;
}

} // namespace qemu_pin
