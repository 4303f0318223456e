/*
 * One value of the host that isolation changes and restore gives back, and how it is
 * read and written: as text, whatever it is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_HOST_SETTING_H
#define QEMU_PIN_HOST_SETTING_H

#include "cpu_set.h"
#include "fd.h"
#include "procfs.h"
#include "result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace qemu_pin {

struct SettingName {
  enum class Kind {
    file,      /* of the kernel's: "/proc/irq/24/smp_affinity_list" */
    thread,    /* the CPU list of a thread: "4711 123456", its id and start time */
    unit,      /* a property of a systemd unit: "system.slice AllowedCPUs" */
    irqbalance /* CPUs that it leaves alone: its process, as thread */
  };
  Kind kind;
  std::string name;

  bool operator==(const SettingName &) const = default;
};

const char *kind_name(SettingName::Kind kind);
std::optional<SettingName::Kind> kind_of(std::string_view name);

SettingName file_setting(const std::string &file);

/* The name of a thread's setting. */
SettingName thread_setting(pid_t thread, std::uint64_t start_time);

/* As people are told of it: "thread 4711", "/proc/irq/24/smp_affinity_list". */
std::string setting_text(const SettingName &setting);

/* Why a write was refused. */
struct Refusal {
  int number; /* errno */
  std::string message;
};

/* What was to be written has gone. */
bool has_gone(const Refusal &refusal);

/* What reads for seconds yet as it was before it was last written, so it is only written. */
bool is_write_only(const SettingName &setting);

/* A file of the host's, opened to be written. */
class HostFile {
public:
  HostFile(std::string path, bool is_live);

  /* In one write(2), as the kernel wants it. An empty refusal: done; one that could not be
   * opened refuses all. */
  std::optional<Refusal> write(const std::string &value) const;

private:
  std::string path_;
  bool is_live_;
  Fd fd_;
  int fault_; /* errno of open(2) */
};

/* The host: this one, or a captured one in a folder, of which only files are settings. */
class Host {
public:
  /* root: "" is this host. */
  explicit Host(std::string root = "") : root_(std::move(root)) {}

  bool is_live() const { return root_.empty(); }

  /* Where a file of the host's is. */
  std::string path(const std::string &file) const { return root_ + file; }

  /* A whole file; nothing where it is not there, or has gone. Fails when it may not be
   * read. */
  Result<std::optional<std::string>> read_file(const std::string &file) const;

  /* The same without its last newline; "" where there is nothing to read. */
  std::string line_of(const std::string &file) const;

  HostFile writable(const std::string &file) const;

  /* Opened for one write. */
  std::optional<Refusal> write_file(const std::string &file, const std::string &value) const;

  /* Names in a folder, sorted; none where there is no such folder. */
  std::vector<std::string> names_in(const std::string &folder) const;

  /* CPUs that are online. */
  CpuSet online() const;

  /* The value of a setting; nothing when what it is of has gone. That of a file named
   * cgroup.subtree_control is its words in alphabetical order, and writing it enables and
   * disables controllers. */
  Result<std::optional<std::string>> read(const SettingName &setting) const;
  std::optional<Refusal> write(const SettingName &setting, const std::string &value) const;

  /* As Procfs::stat(), of this host whatever the root. Of one that the kernel has bound,
   * what was found first: it stays bound, is the kernel's, and several steps ask for it. */
  Result<std::optional<ThreadStat>> stat(pid_t thread) const;
  bool is_known_as_bound(pid_t thread) const { return bound_->contains(thread); }

private:
  std::string root_;
  std::shared_ptr<std::map<pid_t, ThreadStat>> bound_ =
      std::make_shared<std::map<pid_t, ThreadStat>>();
};

} // namespace qemu_pin

#endif
