/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/journal.h"

#include "base/file_content.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <utility>

namespace qemu_pin {

using namespace std::chrono_literals;

namespace {

constexpr auto lock_patience = 10s;
constexpr auto between_tries = 50ms;
constexpr off_t longest = 64 << 20; /* bytes; a journal has some 200 a change */
constexpr const char *journal_name = "journal.json";

/* A folder of ours alone. */
Result<Fd> open_own_folder(const std::string &path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return system_error(path, errno);
  Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder)
    return errno == ENOTDIR || errno == ELOOP
               ? Error{path + " is a symbolic link, or no folder: it must be a folder of ours"}
               : system_error(path, errno);
  struct stat status = {};
  if (fstat(folder.number(), &status) != 0)
    return system_error(path, errno);
  if (status.st_uid != geteuid() || (status.st_mode & 077))
    return Error{fmt::format("{} is not ours alone (owner {}, mode {:o}): it must be of mode 700",
                             path, status.st_uid, status.st_mode & 07777U)};
  return folder;
}

/* Who holds the lock of an open file; see proc_locks(5). */
std::string lock_holder(int fd) {
  struct stat status = {};
  if (fstat(fd, &status) != 0)
    return "another process";
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, mode, access, process, inode;
    words >> number >> kind >> mode >> access >> process >> inode;
    if (kind == "FLOCK" && inode.ends_with(":" + std::to_string(status.st_ino)))
      return "process " + process;
  }
  return "another process";
}

/* Whoever had the lock may have removed the folder with it: then it is made anew. */
Result<Fd> lock_folder(const std::string &path) {
  const auto deadline = std::chrono::steady_clock::now() + lock_patience;
  for (;;) {
    auto folder = open_own_folder(path);
    if (!folder)
      return folder;
    if (flock(folder->number(), LOCK_EX | LOCK_NB) == 0) {
      struct stat locked = {}, there = {};
      if (fstat(folder->number(), &locked) == 0 && lstat(path.c_str(), &there) == 0 &&
          locked.st_ino == there.st_ino && locked.st_dev == there.st_dev)
        return folder;
    } else if (errno != EWOULDBLOCK) {
      return system_error(path, errno);
    } else if (std::chrono::steady_clock::now() >= deadline) {
      return Error{path + " is locked by " + lock_holder(folder->number()) +
                   ", which isolates or restores just now"};
    }
    std::this_thread::sleep_for(between_tries);
  }
}

} // namespace

std::string holder_text(const Isolation &isolation) {
  return fmt::format("process {} ({}), since {}", isolation.process, isolation.command,
                     isolation.time);
}

Isolation *JournalContent::find(const IsolationId &id) {
  const auto found = std::find_if(isolations.begin(), isolations.end(),
                                  [&](const Isolation &one) { return one.id == id; });
  return found == isolations.end() ? nullptr : &*found;
}

const SettingChange *JournalContent::find_setting(const Setting &setting) const {
  for (const HostChange &change : changes)
    if (const auto *one = std::get_if<SettingChange>(&change.what))
      if (one->setting == setting)
        return one;
  return nullptr;
}

SettingChange *JournalContent::find_setting(const Setting &setting) {
  return const_cast<SettingChange *>(std::as_const(*this).find_setting(setting));
}

bool JournalContent::has_thread(pid_t thread) const {
  return std::any_of(changes.begin(), changes.end(), [&](const HostChange &change) {
    const auto *setting = std::get_if<SettingChange>(&change.what);
    const auto *one = setting ? std::get_if<ThreadSetting>(&setting->setting) : nullptr;
    return one && one->thread.id == thread;
  });
}

GroupChange *JournalContent::find_group(const std::string &folder) {
  for (HostChange &change : changes)
    if (auto *one = std::get_if<GroupChange>(&change.what))
      if (one->folder == folder)
        return one;
  return nullptr;
}

Result<Journal> Journal::open(const Host &host) {
  const std::string folder = host.path(usual_folder);
  return open_file(host, folder + "/" + journal_name, /*is_new=*/false, folder);
}

Result<Journal> Journal::open_file(const Host &host, const std::string &file, bool is_new,
                                   const std::string &lock_path) {
  Journal journal(host.line_of("/proc/sys/kernel/random/boot_id"));
  auto lock = lock_folder(lock_path);
  if (!lock)
    return lock.error();
  journal.lock_path_ = lock_path;
  journal.lock_ = std::move(*lock);
  const std::filesystem::path path(file);
  journal.path_ = file;
  journal.name_ = path.filename();
  const std::string folder = path.has_parent_path() ? path.parent_path().native() : ".";
  journal.folder_ = Fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!journal.folder_)
    return system_error(folder, errno);
  if (!is_new)
    if (auto result = journal.read(); !result)
      return Error{file + ": " + result.error().message};
  return journal;
}

Journal::~Journal() {
  if (!lock_)
    return;
  if (folder_)
    remove_half();
  rmdir(lock_path_.c_str()); /* fails unless it is empty */
}

/* What one who failed, or was interrupted, has left of a new one. */
void Journal::remove_half() const {
  unlinkat(folder_.number(), (name_ + ".new").c_str(), 0);
}

Result<> Journal::read() {
  const Fd fd(
      openat(folder_.number(), name_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd && errno == ENOENT)
    return {};
  if (!fd)
    return errno == ELOOP ? Error{"it is a symbolic link"} : system_error("open", errno);
  struct stat status = {};
  if (fstat(fd.number(), &status) != 0)
    return system_error("fstat", errno);
  if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 077))
    return Error{fmt::format("it is not ours alone (owner {}, mode {:o}): it must be a file of "
                             "mode 600",
                             status.st_uid, status.st_mode & 07777U)};
  if (status.st_size > longest)
    return Error{"it is longer than any journal of qemu-pin's"};
  const FileContent found = read_content(fd.number());
  if (found.fault)
    return system_error("read", found.fault);
  auto content = journal_from_json(found.text, boot_);
  if (!content)
    return content.error();
  content_ = std::move(*content);
  return {};
}

Result<> Journal::save() {
  const int folder = folder_.number();
  const std::string next = name_ + ".new";
  remove_half();
  if (content_.isolations.empty()) {
    saved_.clear();
    if (unlinkat(folder, name_.c_str(), 0) != 0 && errno != ENOENT)
      return system_error(path_, errno);
    return {};
  }
  std::string text = to_json(content_, boot_);
  if (text == saved_)
    return {};
  saved_.clear();
  {
    const Fd fd(
        openat(folder, next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd)
      return system_error(path_ + ".new", errno);
    for (std::size_t size = 0; size < text.size();) {
      const ssize_t some = write(fd.number(), text.data() + size, text.size() - size);
      if (some < 0)
        return system_error(path_ + ".new", errno);
      size += static_cast<std::size_t>(some);
    }
    if (fsync(fd.number()) != 0)
      return system_error(path_ + ".new", errno);
  }
  if (renameat(folder, next.c_str(), folder, name_.c_str()) != 0)
    return system_error(path_, errno);
  if (fsync(folder) != 0)
    return system_error(path_, errno);
  saved_ = std::move(text);
  return {};
}

} // namespace qemu_pin
