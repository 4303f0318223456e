/*
 * The host: this one, or a captured one in a folder, of which only files are settings.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_HOST_HOST_H
#define QEMU_PIN_HOST_HOST_H

#include "base/cpu_set.h"
#include "base/fd.h"
#include "base/result.h"
#include "host/setting.h"
#include "kernel/procfs.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace qemu_pin {

/* A file of the host's, opened to be written. */
class HostFile {
public:
  HostFile(std::string path, bool is_live);

  /* In one write(2), as the kernel wants it. An empty refusal: done; one that could not be
   * opened refuses all. */
  Result<> write(const std::string &value) const;

private:
  std::string path_;
  bool is_live_;
  Fd fd_;
  int fault_; /* errno of open(2) */
};

class Host {
public:
  /* root: "" is this host. */
  explicit Host(std::string root = "") : root_(std::move(root)), procfs_(root_ + "/proc") {}

  bool is_live() const { return root_.empty(); }

  /* Its processes. A captured host may have none. */
  const Procfs &procfs() const { return procfs_; }

  /* Where a file of the host's is. */
  std::string path(const std::string &file) const { return root_ + file; }

  /* A whole file; nothing where it is not there, or has gone. Fails when it may not be
   * read. */
  Result<std::optional<std::string>> read_file(const std::string &file) const;

  /* The same without its last newline; "" where there is nothing to read. */
  std::string line_of(const std::string &file) const;

  HostFile writable(const std::string &file) const;

  /* Opened for one write. */
  Result<> write_file(const std::string &file, const std::string &value) const;

  /* Names in a folder, sorted; none where there is no such folder. */
  std::vector<std::string> names_in(const std::string &folder) const;

  /* CPUs that are online. */
  CpuSet online() const;

  /* As Procfs::stat(). Of one that the kernel has bound,
   * what was found first: it stays bound, is the kernel's, and several steps ask for it. */
  Result<std::optional<ThreadStat>> stat(pid_t thread) const;
  bool is_known_as_bound(pid_t thread) const { return bound_->contains(thread); }

private:
  std::string root_;
  Procfs procfs_;
  std::shared_ptr<std::map<pid_t, ThreadStat>> bound_ =
      std::make_shared<std::map<pid_t, ThreadStat>>();
};

} // namespace qemu_pin

#endif
