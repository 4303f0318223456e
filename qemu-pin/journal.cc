/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "journal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <utility>

namespace qemu_pin {

using nlohmann::ordered_json;
using namespace std::chrono_literals;

namespace {

constexpr auto lock_patience = 10s;
constexpr auto between_tries = 50ms;
constexpr off_t longest = 64 << 20; /* bytes; a journal has some 200 a change */
constexpr const char *journal_name = "journal.json";

constexpr std::array states = {"isolating", "isolated", "restoring"};
constexpr std::array wants = {"without", "with", "value"};
constexpr std::array formats = {"text", "list", "mask"};

template <typename Enum, std::size_t N>
Enum named(const std::array<const char *, N> &names, const ordered_json &name) {
  const auto found = std::find(names.begin(), names.end(), name.get<std::string>());
  if (found == names.end())
    throw std::invalid_argument(name.dump() + " is not known");
  return static_cast<Enum>(found - names.begin());
}

/* Which start of the host this is. */
std::string boot_id() {
  return Host().line_of("/proc/sys/kernel/random/boot_id");
}

ordered_json change_json(const HostChange &change) {
  ordered_json json = {{"step", change.step}};
  if (const auto *setting = std::get_if<SettingChange>(&change.what)) {
    json[kind_name(setting->setting.kind)] = setting->setting.name;
    json["format"] = formats[static_cast<std::size_t>(setting->format)];
    if (!setting->means.empty())
      json["means"] = setting->means;
    json["before"] = setting->before;
    json["now"] = setting->now;
    json["claims"] = ordered_json::array();
    for (const Claim &claim : setting->claims)
      json["claims"].push_back(
          {{"by", claim.by}, {wants[static_cast<std::size_t>(claim.want)], claim.operand}});
  } else if (const auto *group = std::get_if<GroupChange>(&change.what)) {
    json["group"] = group->folder;
    json["home"] = group->home;
    json["members"] = group->members;
    json["by"] = group->by;
  } else if (const auto *move = std::get_if<MoveChange>(&change.what)) {
    json["process"] = move->process;
    json["start_time"] = move->start_time;
    json["from"] = move->from;
    json["to"] = move->to;
    json["by"] = move->by;
  } else {
    const auto &removal = std::get<RemovalChange>(change.what);
    json["removed"] = removal.folder;
    json["values"] = ordered_json::object();
    for (const auto &[file, value] : removal.values)
      json["values"][file] = value;
    json["by"] = removal.by;
  }
  return json;
}

Claim claim_from(const ordered_json &json) {
  for (std::size_t want = 0; want < wants.size(); ++want)
    if (json.contains(wants[want]))
      return {json.at("by"), static_cast<Claim::Want>(want), json.at(wants[want])};
  throw std::invalid_argument("a claim wants nothing");
}

HostChange change_from(const ordered_json &json) {
  HostChange change{json.at("step"), {}};
  if (json.contains("group")) {
    change.what = GroupChange{json.at("group"), json.at("home"), json.at("members"),
                              json.at("by").get<std::vector<std::string>>()};
    return change;
  }
  if (json.contains("process")) {
    change.what = MoveChange{json.at("process"), json.at("start_time"), json.at("from"),
                             json.at("to"), json.at("by")};
    return change;
  }
  if (json.contains("removed")) {
    RemovalChange removal{json.at("removed"), {}, json.at("by")};
    for (const auto &[file, value] : json.at("values").items())
      removal.values.emplace_back(file, value);
    change.what = std::move(removal);
    return change;
  }
  SettingChange setting;
  for (const auto &[key, value] : json.items())
    if (const auto kind = kind_of(key))
      setting.setting = {*kind, value};
  if (setting.setting.name.empty())
    throw std::invalid_argument("a change is of nothing");
  setting.format = named<ValueFormat>(formats, json.at("format"));
  setting.means = json.value("means", "");
  setting.before = json.at("before");
  setting.now = json.at("now");
  for (const ordered_json &claim : json.at("claims"))
    setting.claims.push_back(claim_from(claim));
  change.what = std::move(setting);
  return change;
}

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

Isolation *JournalContent::find(const std::string &id) {
  const auto found = std::find_if(isolations.begin(), isolations.end(),
                                  [&](const Isolation &one) { return one.id == id; });
  return found == isolations.end() ? nullptr : &*found;
}

const SettingChange *JournalContent::find_setting(const SettingName &setting) const {
  for (const HostChange &change : changes)
    if (const auto *one = std::get_if<SettingChange>(&change.what))
      if (one->setting == setting)
        return one;
  return nullptr;
}

SettingChange *JournalContent::find_setting(const SettingName &setting) {
  return const_cast<SettingChange *>(std::as_const(*this).find_setting(setting));
}

bool JournalContent::has_thread(pid_t thread) const {
  const std::string start = std::to_string(thread) + " ";
  return std::any_of(changes.begin(), changes.end(), [&](const HostChange &change) {
    const auto *one = std::get_if<SettingChange>(&change.what);
    return one && one->setting.kind == SettingName::Kind::thread &&
           one->setting.name.starts_with(start);
  });
}

GroupChange *JournalContent::find_group(const std::string &folder) {
  for (HostChange &change : changes)
    if (auto *one = std::get_if<GroupChange>(&change.what))
      if (one->folder == folder)
        return one;
  return nullptr;
}

std::string to_json(const JournalContent &content) {
  ordered_json json = {{"qemu-pin-journal", 1},
                       {"boot", boot_id()},
                       {"isolations", ordered_json::array()},
                       {"changes", ordered_json::array()}};
  for (const Isolation &isolation : content.isolations)
    json["isolations"].push_back({{"cpus", isolation.id},
                                  {"state", states[static_cast<std::size_t>(isolation.state)]},
                                  {"process", isolation.process},
                                  {"command", isolation.command},
                                  {"time", isolation.time},
                                  {"group", isolation.group},
                                  {"steps", isolation.steps}});
  for (const HostChange &change : content.changes)
    json["changes"].push_back(change_json(change));
  return json.dump(1, ' ', false, ordered_json::error_handler_t::strict) + "\n";
}

Result<JournalContent> journal_from_json(const std::string &text) {
  try {
    const ordered_json json = ordered_json::parse(text);
    if (!json.is_object() || !json.contains("qemu-pin-journal"))
      return Error{"this is no journal of qemu-pin's"};
    if (json.at("qemu-pin-journal") != 1)
      return Error{"it is a journal of version " + json.at("qemu-pin-journal").dump() +
                   ", and this qemu-pin knows version 1"};
    if (json.at("boot") != boot_id())
      return Error{"it is from before this host was started: nothing of it is in force"};
    JournalContent content;
    for (const ordered_json &one : json.at("isolations"))
      content.isolations.push_back(
          {one.at("cpus"), named<Isolation::State>(states, one.at("state")), one.at("process"),
           one.at("command"), one.at("time"), one.at("group"),
           one.at("steps").get<std::vector<std::string>>()});
    for (const ordered_json &one : json.at("changes"))
      content.changes.push_back(change_from(one));
    return content;
  } catch (const std::exception &error) {
    return Error{std::string("this is no journal of qemu-pin's: ") + error.what()};
  }
}

Result<Journal> Journal::open(const std::string &folder) {
  return open_file(folder + "/" + journal_name, /*is_new=*/false, folder);
}

Result<Journal> Journal::open_file(const std::string &file, bool is_new,
                                   const std::string &lock_path) {
  Journal journal;
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
    if (auto error = journal.read())
      return Error{file + ": " + error->message};
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

std::optional<Error> Journal::read() {
  const Fd fd(
      openat(folder_.number(), name_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd && errno == ENOENT)
    return std::nullopt;
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
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t some = ::read(fd.number(), text.data() + size, text.size() - size);
    if (some < 0)
      return system_error("read", errno);
    if (some == 0)
      break;
    size += static_cast<std::size_t>(some);
  }
  auto content = journal_from_json(text);
  if (!content)
    return content.error();
  content_ = std::move(*content);
  return std::nullopt;
}

std::optional<Error> Journal::save() {
  const int folder = folder_.number();
  const std::string next = name_ + ".new";
  remove_half();
  if (content_.isolations.empty()) {
    if (unlinkat(folder, name_.c_str(), 0) != 0 && errno != ENOENT)
      return system_error(path_, errno);
    return std::nullopt;
  }
  const std::string text = to_json(content_);
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
  return std::nullopt;
}

} // namespace qemu_pin
