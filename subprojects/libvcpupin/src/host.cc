/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host.h"

#include "affinity.h"
#include "cpu_list.h"
#include "message.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

namespace vcpupin {
namespace {

struct CloseFile {
  void operator()(std::FILE *file) const { static_cast<void>(std::fclose(file)); }
};

Error unreadable(const std::string &path, int cause) {
  return {"cannot read " + escaped(path) + ": " + errno_words(cause)};
}

/* A whole file; nothing if there is none. */
Result<std::optional<std::string>> read_if_exists(const std::string &path) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "re"));
  if (!file) {
    if (errno == ENOENT)
      return std::optional<std::string>();
    return unreadable(path, errno);
  }
  std::string text;
  std::array<char, 4096> buffer;
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), file.get()))
    text.append(buffer.data(), n);
  if (std::ferror(file.get()) != 0)
    return unreadable(path, errno);
  return std::optional(std::move(text));
}

Result<CpuSet> parse_from(const std::string &path, std::string_view list) {
  Result<CpuSet> cpus = parse_cpu_list(list);
  if (!cpus)
    return Error{escaped(path) + ": " + cpus.error().message};
  return cpus;
}

/* A file of one CPU list and a newline. */
Result<CpuSet> read_cpu_list_file(const std::string &path) {
  Result<std::optional<std::string>> content = read_if_exists(path);
  if (!content)
    return content.error();
  if (!*content)
    return unreadable(path, ENOENT);
  std::string_view list = **content;
  if (list.ends_with('\n'))
    list.remove_suffix(1);
  return parse_from(path, list);
}

/* Cpus_allowed_list of a process's status file; nothing if there is no file. */
Result<std::optional<CpuSet>> read_status_file(const std::string &path) {
  Result<std::optional<std::string>> content = read_if_exists(path);
  if (!content)
    return content.error();
  if (!*content)
    return std::optional<CpuSet>();

  constexpr std::string_view key = "\nCpus_allowed_list:\t";
  const std::string text = '\n' + **content;
  const std::size_t at = text.find(key);
  if (at == std::string::npos)
    return Error{escaped(path) + ": there is no Cpus_allowed_list"};
  const std::string_view value = std::string_view(text).substr(at + key.size());
  Result<CpuSet> cpus = parse_from(path, value.substr(0, value.find('\n')));
  if (!cpus)
    return cpus.error();
  return std::optional(std::move(*cpus));
}

} // namespace
} // namespace vcpupin

using vcpupin::CpuSet;
using vcpupin::Error;
using vcpupin::Host;
using vcpupin::Result;

Result<Host> vcpupin_host::read_live() {
  /* First, because off Linux this says what is wrong, and a missing /sys would
   * not. */
  Result<CpuSet> allowed = vcpupin::read_widest_affinity();
  if (!allowed)
    return allowed.error();
  Host host;
  host.allowed_ = std::move(*allowed);
  if (auto result = host.read_sysfs(""); !result)
    return result.error();
  return host;
}

Result<Host> vcpupin_host::read_captured(const std::string &root) {
  Host host;
  if (auto result = host.read_sysfs(root); !result)
    return result.error();
  Result<std::optional<CpuSet>> allowed = vcpupin::read_status_file(root + "/proc/self/status");
  if (!allowed)
    return allowed.error();
  host.allowed_ = *allowed ? std::move(**allowed) : host.online_;
  return host;
}

Result<> vcpupin_host::read_sysfs(const std::string &root) {
  const std::string folder = root + "/sys/devices/system/cpu/";
  Result<CpuSet> present = vcpupin::read_cpu_list_file(folder + "present");
  if (!present)
    return present.error();
  Result<CpuSet> online = vcpupin::read_cpu_list_file(folder + "online");
  if (!online)
    return online.error();
  present_ = std::move(*present);
  online_ = std::move(*online);
  return {};
}

Result<> vcpupin_host::check(const CpuSet &cpus) const {
  if (const auto cpu = cpus.lowest_outside(present_))
    return Error{"host CPU " + std::to_string(*cpu) + " does not exist (this host has " +
                 vcpupin::name_cpus(present_) + ")"};
  if (const auto cpu = cpus.lowest_outside(online_))
    return Error{"host CPU " + std::to_string(*cpu) +
                 " is offline (online: " + vcpupin::format_cpu_list(online_) + ")"};
  if (const auto cpu = cpus.lowest_outside(allowed_))
    return Error{"host CPU " + std::to_string(*cpu) + " is outside the set this process may use (" +
                 vcpupin::format_cpu_list(allowed_) + ")"};
  return {};
}
