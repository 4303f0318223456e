/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/cpuset.h"

#include "harness/patience.h"
#include "harness/temp_dir.h"

#include <cerrno>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using qemu_pin::Error;
using qemu_pin::Result;

namespace {

/* Where the controller is mounted, from lines "device folder type options ...". */
std::string mount_point() {
  std::istringstream mounts(read_text("/proc/self/mounts"));
  std::string device, folder, type, options, rest;
  while (mounts >> device >> folder >> type >> options && std::getline(mounts, rest))
    if (type == "cgroup" && ("," + options + ",").find(",cpuset,") != std::string::npos)
      return folder;
  return "";
}

/* Our own cgroup, from a line "3:cpuset:/path". */
std::string own_path() {
  std::istringstream lines(read_text("/proc/self/cgroup"));
  const std::string key = ":cpuset:";
  for (std::string line; std::getline(lines, line);)
    if (std::size_t at = line.find(key); at != std::string::npos)
      return line.substr(at + key.size());
  return "";
}

} // namespace

Result<Cpuset> Cpuset::make(const std::string &cpus) {
  const std::string mounted = mount_point();
  if (mounted.empty())
    return Error{"the cpuset controller of cgroup version 1 is not mounted"};
  const std::string own = mounted + own_path();
  const std::string folder = own + "/qemu-pinning-test." + std::to_string(getpid());
  if (mkdir(folder.c_str(), 0700) != 0)
    return qemu_pin::system_error(folder, errno);
  Cpuset cpuset(folder);
  write_text(folder + "/cpuset.mems", read_text(own + "/cpuset.mems"));
  if (!cpuset.set_cpus(cpus))
    return Error{folder + "/cpuset.cpus cannot be set to " + cpus};
  return cpuset;
}

bool Cpuset::set_cpus(const std::string &cpus) const {
  write_text(folder_ + "/cpuset.cpus", cpus);
  return read_text(folder_ + "/cpuset.cpus") == cpus + "\n";
}

Cpuset::~Cpuset() {
  /* A process that has just been reaped may still be leaving. */
  if (!folder_.empty())
    comes_true([this] { return rmdir(folder_.c_str()) == 0 || errno != EBUSY; });
}
