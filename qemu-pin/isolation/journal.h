/*
 * What isolation changed, kept on disk before it is changed, so that whoever comes next
 * can give it back.
 *
 * A readable JSON file, version 1 (docs/journal.schema.json), replaced whole, and synced,
 * each time: there is never half of one. While a Journal is open it is locked against
 * others. The file, of mode 0600, is never reached through a symbolic link, and is
 * removed when there is nothing to give back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_JOURNAL_H
#define QEMU_PIN_JOURNAL_H

#include "base/fd.h"
#include "host/host.h"
#include "host/host_change.h"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace qemu_pin {

/* One "isolate": which CPUs, and by whom. */
struct Isolation {
  /* isolating and restoring are seen only of one that was interrupted. */
  enum class State { isolating, isolated, restoring };
  IsolationId id;
  State state = State::isolating;
  pid_t process = 0;              /* who did it; may have ended long since */
  std::string command;            /* as it was called */
  std::string time;               /* UTC: "2026-11-21T20:15:00Z" */
  std::string group;              /* folder of the guest's control group; "" if there is none */
  std::vector<std::string> steps; /* that it took */
};

/* "process 4711 (qemu-pin isolate 2-7), since 2026-11-21T20:15:00Z" */
std::string holder_text(const Isolation &isolation);

struct JournalContent {
  std::vector<Isolation> isolations;
  std::vector<HostChange> changes; /* in the order in which they were first made */

  /* Null where there is none. */
  Isolation *find(const IsolationId &id);
  SettingChange *find_setting(const Setting &setting);
  const SettingChange *find_setting(const Setting &setting) const;
  /* May the mask of a thread with this id be among them? */
  bool has_thread(pid_t thread) const;
  GroupChange *find_group(const std::string &folder);
};

/* boot: the id of the host's present start (boot_id of /proc/sys/kernel/random). */
std::string to_json(const JournalContent &content, const std::string &boot);

/* Fails on what is not a journal of this version, naming the piece, and on one of another
 * start of the host: nothing of that is in force. */
Result<JournalContent> journal_from_json(const std::string &text, const std::string &boot);

class Journal {
public:
  static constexpr const char *usual_folder = "/run/qemu-pin";

  /* The host's: journal.json in its usual folder, which is made with mode 0700 if it is not
   * there. A folder or file that is not ours alone, or a symbolic link, is refused. Waits for
   * the lock for at most 10 seconds, then fails with the holder's process. */
  static Result<Journal> open(const Host &host);

  /* One that the user names, under the same lock. With is_new, what is there is not read,
   * but replaced. */
  static Result<Journal> open_file(const Host &host, const std::string &file, bool is_new,
                                   const std::string &lock_folder = usual_folder);

  JournalContent &content() { return content_; }

  /* To disk, unless it is there as it is; off it if there are no isolations left. */
  Result<> save();

private:
  explicit Journal(std::string boot) : boot_(std::move(boot)) {}
  Result<> read();
  void remove_half() const;

  std::string boot_;
  std::string path_; /* for messages */
  std::string name_; /* within folder_ */
  Fd folder_;
  std::string lock_path_;
  Fd lock_; /* a folder too, which is removed when we leave it empty */
  JournalContent content_;
  std::string saved_; /* what is on disk; "" until it is known */

public:
  Journal(Journal &&) noexcept = default;
  Journal &operator=(Journal &&) = delete;
  Journal(const Journal &) = delete;
  ~Journal();
};

} // namespace qemu_pin

#endif
