/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/isolation_undoer.h"

#include "base/words.h"
#include "host/control_group.h"
#include "host/cpuset_inheritance.h"
#include "host/irqbalance.h"
#include "host/settings.h"
#include "isolation/undo_decision.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <map>

namespace qemu_pin {

namespace {

class Undoer {
public:
  Undoer(const Host &host, Journal &journal, IsolationId id, bool force)
      : host_(host), journal_(journal), isolation_{std::move(id), force, host.online()} {}

  /* Threads last, for what happens to their cpusets changes their masks. Twice, for what may
   * be given back only after something that was made earlier: a group's CPUs after its
   * parent's. */
  UndoReport run() {
    auto &changes = journal_.content().changes;
    look();
    for (is_last_pass_ = false;; is_last_pass_ = true) {
      report_.failed.clear();
      for (const bool threads : {false, true}) {
        for (auto change = changes.rbegin(); change != changes.rend(); ++change)
          if (is_of_thread(*change) == threads)
            undo(*change);
        if (!threads)
          inherit_again();
      }
      if (report_.failed.empty() || is_last_pass_)
        break;
    }
    std::erase_if(changes, [](const HostChange &change) { return is_over(change); });
    return std::move(report_);
  }

private:
  static bool is_over(const HostChange &change) {
    if (const auto *setting = std::get_if<SettingChange>(&change.what))
      return setting->claims.empty();
    if (const auto *group = std::get_if<GroupChange>(&change.what))
      return group->by.empty();
    if (const auto *move = std::get_if<MoveChange>(&change.what))
      return move->process.id == 0;
    return std::get<RemovalChange>(change.what).folder.empty();
  }

  static bool is_of_thread(const Setting &setting) {
    return std::holds_alternative<ThreadSetting>(setting);
  }

  static bool is_of_thread(const HostChange &change) {
    const auto *setting = std::get_if<SettingChange>(&change.what);
    return setting && is_of_thread(setting->setting);
  }

  /* Sets that the kernel does not empty. */
  void inherit_again() {
    std::erase_if(journal_.content().changes, is_over);
    std::map<std::string, std::vector<std::string>> files_in;
    for (const FileSetting &file : populated_)
      files_in[std::filesystem::path(file.folder()).parent_path()].push_back(file.path);
    populated_.clear();
    for (const auto &[folder, files] : files_in) {
      const FileSetting controllers{folder + "/cgroup.subtree_control"};
      const bool may_reset =
          may_reset_cpusets(host_, folder, files) && !journal_.content().find_setting(controllers);
      if (auto result = may_reset ? reset(folder, controllers) : copy(files); !result) {
        failed(result.error().message);
        continue;
      }
      report_.restored += files.size();
      for (const std::string &file : files)
        if (auto *change = journal_.content().find_setting(FileSetting{file}))
          std::erase_if(change->claims,
                        [&](const Claim &claim) { return claim.by == isolation_.id; });
    }
  }

  /* In the journal meanwhile: whoever is killed halfway leaves them without the controller. */
  Result<> reset(const std::string &folder, const FileSetting &controllers) {
    auto &changes = journal_.content().changes;
    auto before = read_setting(host_, controllers);
    if (!before || !*before)
      return Error{controllers.path + " cannot be read", EIO};
    const std::string without = without_cpusets(host_, folder);
    const Claim claim{isolation_.id, Claim::Want::value, without};
    changes.push_back(
        {"cpuset", SettingChange{controllers, ValueFormat::text, "", **before, without, {claim}}});
    if (auto result = journal_.save(); !result)
      return Error{result.error().message, EIO};
    if (auto result = reset_cpusets(host_, folder); !result)
      return result.error();
    changes.pop_back();
    return {};
  }

  Result<> copy(const std::vector<std::string> &files) {
    for (const std::string &file : files) {
      if (auto result = copy_parents_set(host_, file); !result)
        return result.error();
      report_.left.push_back(fmt::format("{}: not inherited, but has what its parent has, '{}': "
                                         "the kernel empties no set of a group that has processes, "
                                         "and others beside it have sets",
                                         file, host_.line_of(file)));
    }
    return {};
  }

  /* False: it failed, and stays in the journal. */
  bool undo(HostChange &change) {
    is_balanced_ = change.step == balanced_step_;
    return std::visit([&](auto &one) { return undo(one); }, change.what);
  }

  bool failed(const std::string &message) {
    report_.failed.push_back(message);
    return false;
  }

  bool undo(SettingChange &change) {
    if (std::none_of(change.claims.begin(), change.claims.end(),
                     [&](const Claim &claim) { return claim.by == isolation_.id; }))
      return true;
    if (goes_with_its_group(change.setting)) {
      change.claims.clear();
      return true;
    }
    auto found = found_now(change);
    if (!found)
      return failed(found.error().message);
    auto decision = decide_undo(change, *found, isolation_);
    if (!decision)
      return failed(decision.error().message);
    return carry_out(*decision, change);
  }

  Result<FoundSetting> found_now(const SettingChange &change) const {
    FoundSetting found{change.now, {}, is_balanced_};
    if (std::holds_alternative<IrqbalanceSetting>(change.setting))
      return found; /* it is not read back */
    auto value = read_setting(host_, change.setting);
    if (!value)
      return value.error();
    found.value = std::move(*value);
    if (const auto *one = std::get_if<ThreadSetting>(&change.setting))
      if (const auto mask = masks_.find(one->thread); mask != masks_.end())
        found.mask = mask->second;
    return found;
  }

  bool carry_out(const UndoDecision &decision, SettingChange &change) {
    using Kind = UndoDecision::Kind;
    if (decision.kind == Kind::write) {
      if (auto result = write_setting(host_, change.setting, decision.wanted); !result) {
        /* Of a thread that is in a cpuset without these CPUs now, where it was not. */
        if (is_last_pass_ && is_of_thread(change.setting)) {
          report_.left.push_back(result.error().message);
        } else if (is_last_pass_ &&
                   is_of_populated_group(change, decision.wanted, result.error())) {
          populated_.push_back(std::get<FileSetting>(change.setting));
          return true;
        } else if (!has_gone(result.error())) {
          return failed(result.error().message);
        }
      }
      ++report_.restored;
    }
    if (decision.kind == Kind::balanced)
      ++report_.balanced;
    if (decision.kind == Kind::leave)
      report_.left.push_back(decision.line);
    if (decision.put_back)
      (void)write_setting(host_, change.setting, *decision.put_back); /* it may have ended */
    change = without_claims(change, isolation_.id);
    if (decision.kind == Kind::is_so || decision.kind == Kind::write)
      change.now = decision.wanted;
    return true;
  }

  static bool is_of_populated_group(const SettingChange &change, const std::string &wanted,
                                    const Error &refusal) {
    return refusal.number == ENOSPC && std::holds_alternative<FileSetting>(change.setting) &&
           stripped(wanted).empty() && !change.means.empty();
  }

  void look() {
    const auto hierarchies = cpuset_hierarchies(host_.path(""));
    for (const HostChange &change : journal_.content().changes) {
      const auto *setting = std::get_if<SettingChange>(&change.what);
      if (setting && std::holds_alternative<IrqbalanceSetting>(setting->setting) &&
          irqbalance_process(host_))
        balanced_step_ = change.step;
      const auto *one = setting ? std::get_if<ThreadSetting>(&setting->setting) : nullptr;
      if (!one)
        continue;
      auto list = read_setting(host_, *one);
      auto cpus = list && *list ? read_cpu_set(stripped(**list)) : Result<CpuSet>(CpuSet());
      if (list && *list && cpus)
        masks_[one->thread] = {**list, resets_to(host_, hierarchies, one->thread, *cpus)};
    }
  }

  bool undo(GroupChange &change) {
    if (std::find(change.by.begin(), change.by.end(), isolation_.id) == change.by.end())
      return true;
    if (change.by.size() == 1) {
      if (auto result = remove_control_group(host_, change.folder, change.members, change.home);
          !result)
        return failed(result.error().message);
      ++report_.restored;
    }
    std::erase(change.by, isolation_.id);
    return true;
  }

  bool undo(MoveChange &change) {
    if (change.by != isolation_.id || change.process.id == 0)
      return true;
    if (is_member(host_, change.to, change.process)) {
      const auto written = host_.write_file(change.from, std::to_string(change.process.id) + "\n");
      if (!written && !has_gone(written.error()))
        return failed(written.error().message);
      ++report_.restored;
    }
    change.process.id = 0;
    return true;
  }

  bool undo(RemovalChange &change) {
    if (change.by != isolation_.id || change.folder.empty())
      return true;
    auto made = make_control_group(host_, change.folder);
    if (!made)
      return failed(made.error().message);
    for (const auto &[file, value] : change.values) {
      const std::string path = change.folder + "/" + file;
      if (same_value(host_.line_of(path), value))
        continue;
      /* One that somebody has made anew meanwhile is his; but it may be ours of a restore
       * that was interrupted here, whose files are as a new group's. */
      if (auto result = host_.write_file(path, value); !result)
        return failed(result.error().message);
    }
    ++report_.restored;
    change.folder.clear();
    return true;
  }

  /* Of a group that goes with us. But a partition ends here: the kernel ends that of a
   * removed group some time later, and then forgets masks again. */
  bool goes_with_its_group(const Setting &setting) const {
    const auto *file = std::get_if<FileSetting>(&setting);
    if (!file || file->name() == "cpuset.cpus.partition")
      return false;
    const std::string folder = file->folder();
    const auto &changes = journal_.content().changes;
    return std::any_of(changes.begin(), changes.end(), [&](const HostChange &change) {
      const auto *group = std::get_if<GroupChange>(&change.what);
      return group && group->folder == folder &&
             group->by == std::vector<IsolationId>{isolation_.id};
    });
  }

  const Host &host_;
  Journal &journal_;
  EndingIsolation isolation_;
  bool is_last_pass_ = false;
  std::optional<std::string> balanced_step_; /* that told an irqbalance, which runs */
  bool is_balanced_ = false;                 /* the change that is undone is of that step */
  std::vector<FileSetting> populated_;       /* see inherit_again() */
  std::map<ThreadId, ThreadMask> masks_;     /* when we began */
  UndoReport report_;
};

} // namespace

UndoReport undo_changes(const Host &host, Journal &journal, const IsolationId &id, bool force) {
  return Undoer(host, journal, id, force).run();
}

} // namespace qemu_pin
