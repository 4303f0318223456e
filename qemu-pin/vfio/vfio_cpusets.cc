/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfio/vfio_cpusets.h"

#include "base/words.h"
#include "host/control_group.h"
#include "host/unit_bus.h"
#include "kernel/procfs.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>
#include <string_view>
#include <sys/stat.h>

namespace qemu_pin {

namespace {

/* A control group that a command names. */
struct Group {
  CpusetHierarchy hierarchy;
  std::string name; /* "/system.slice" */

  bool is_root() const { return name == "/"; }
  std::string folder() const { return hierarchy.folder + (is_root() ? "" : name); }
  std::string members() const { return hierarchy.is_v2 ? "cgroup.procs" : "tasks"; }
  std::string member_file() const { return folder() + "/" + members(); }
  Group parent() const {
    const std::size_t slash = name.rfind('/');
    return {hierarchy, slash == 0 ? "/" : name.substr(0, slash)};
  }
};

Result<Group> group_of(const Host &host, const std::string &name) {
  const auto hierarchy = cpuset_hierarchy(host);
  if (!hierarchy)
    return Error{"this host has no cpusets: no control group hierarchy has the cpuset controller"};
  return Group{*hierarchy, name};
}

Error not_there(const Group &group) {
  return {fmt::format("there is no control group {} in {}", group.name, group.hierarchy.folder)};
}

Result<Group> existing_group(const Host &host, const std::string &name) {
  auto group = group_of(host, name);
  if (group && !control_group_exists(host, group->folder()))
    return not_there(*group);
  return group;
}

SetOperation value_operation(const std::string &file, const std::string &value) {
  return {FileSetting{file}, ValueFormat::text, Claim::Want::value, value + "\n"};
}

/* cgroup v2: a group has cpusets if each one above it lists the controller. */
void enable_controllers(const Host &host, const Group &group, std::vector<Operation> &operations) {
  if (!group.hierarchy.is_v2)
    return;
  if (!group.is_root())
    enable_controllers(host, group.parent(), operations);
  std::set<std::string> controllers = controllers_below(host, group.folder());
  if (controllers.insert("cpuset").second)
    operations.emplace_back(SetOperation{FileSetting{group.folder() + "/cgroup.subtree_control"},
                                         ValueFormat::text, Claim::Want::value,
                                         controllers_line(controllers)});
}

/* What a file of a group has that is made, or gets the controller, by an operation before. */
std::string value_if_absent(const std::string &name) {
  if (name == "cpuset.cpus" || name == "cpuset.mems")
    return "\n";
  return name == "cpuset.sched_load_balance" ? "1\n" : "0\n";
}

void set_value(const Host &host, const Group &group, const std::string &name,
               const std::string &value, std::vector<Operation> &operations) {
  const std::string file = group.folder() + "/" + name;
  SetOperation set = value_operation(file, value);
  auto now = host.read_file(file);
  if (now && !*now)
    set.before = value_if_absent(name);
  if (group.hierarchy.is_v2)
    set.means = host.line_of(group.parent().folder() + "/" + name + ".effective");
  operations.emplace_back(std::move(set));
}

void set_flags(const Host &host, const Group &group, const CpusetOptions &options,
               std::vector<Operation> &operations) {
  if (group.hierarchy.is_v2)
    return; /* see vfio_warnings() */
  for (const CpusetFlag &flag : cpuset_flags())
    if (const auto value = options.*flag.value)
      set_value(host, group, flag.file, *value ? "1" : "0", operations);
}

/* The unit whose group it is, if systemd has it: "system.slice"; "" if not. By its name a
 * slice says where it is: a-b.slice is in a.slice. */
std::string slice_of(const Host &host, const Group &group) {
  constexpr std::string_view suffix = ".slice";
  if (!group.hierarchy.is_v2 || !is_systemd_host(host) || !group.name.ends_with(suffix))
    return "";
  const std::string unit = group.name.substr(group.name.rfind('/') + 1);
  std::string path;
  for (std::size_t dash = unit.find('-'); dash != std::string::npos;
       dash = unit.find('-', dash + 1))
    path += fmt::format("/{}{}", unit.substr(0, dash), suffix);
  if (path + "/" + unit != group.name)
    return "";
  auto value = read_unit_property({unit, UnitSetting::Property::allowed_cpus});
  return value && *value ? unit : "";
}

StepLines tell_changes(const std::vector<Outcome> &outcomes) {
  const auto done = std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome &outcome) {
    return outcome.kind == Outcome::Kind::done;
  });
  return {done ? counted(static_cast<std::size_t>(done), "change")
               : std::string("it is so already")};
}

Result<StepPlan> plan_options(const Host &host, const Group &group, const CpusetOptions &options) {
  StepPlan plan;
  plan.tell = tell_changes;
  const std::string unit = slice_of(host, group);
  if (unit.empty())
    enable_controllers(host, group.parent(), plan.operations);
  const auto add = [&](const std::optional<CpuSet> &set, const char *file,
                       UnitSetting::Property property) {
    if (!set)
      return;
    if (unit.empty())
      set_value(host, group, file, cpu_list(*set), plan.operations);
    else
      plan.operations.emplace_back(SetOperation{UnitSetting{unit, property}, ValueFormat::text,
                                                Claim::Want::value, cpu_list(*set) + "\n"});
  };
  add(options.cpus, "cpuset.cpus", UnitSetting::Property::allowed_cpus);
  add(options.mems, "cpuset.mems", UnitSetting::Property::allowed_memory_nodes);
  set_flags(host, group, options, plan.operations);
  return plan;
}

bool is_kept_file(const std::string &name) {
  constexpr std::array others = {"notify_on_release", "cgroup.clone_children", "cgroup.max.depth",
                                 "cgroup.max.descendants"};
  return name.starts_with("cpuset.") ||
         std::find(others.begin(), others.end(), name) != others.end();
}

/* Those that can be written, the sets first: they say what the flags may be. */
std::vector<std::pair<std::string, std::string>> kept_values(const Host &host,
                                                             const std::string &folder) {
  std::vector<std::string> names = host.names_in(folder);
  std::stable_partition(names.begin(), names.end(), [](const std::string &name) {
    return name == "cpuset.cpus" || name == "cpuset.mems";
  });
  std::vector<std::pair<std::string, std::string>> values;
  for (const std::string &name : names) {
    const std::string file = fmt::format("{}/{}", folder, name);
    struct stat status = {};
    if (!is_kept_file(name) || stat(host.path(file).c_str(), &status) != 0 ||
        !S_ISREG(status.st_mode) || !(status.st_mode & S_IWUSR))
      continue;
    auto value = host.read_file(file);
    if (value && *value)
      values.emplace_back(name, **value);
  }
  return values;
}

Result<Group> group_to_delete(const Host &host, const std::string &name) {
  auto group = existing_group(host, name);
  if (!group)
    return group;
  if (group->is_root())
    return Error{"/ is the root, which cannot be deleted"};
  const std::vector<std::string> children = control_groups_in(host, group->folder());
  if (!children.empty())
    return Error{fmt::format("{} has groups of its own: {}", name, fmt::join(children, ", "))};
  return group;
}

/* One operation for each member that can be moved. Before v2 the kernel's own can be too. */
StepPlan move_each(const Host &host, const Group &from, const Group &to) {
  StepPlan plan;
  for (const pid_t id : ids_in(host, from.member_file())) {
    auto stat = host.procfs().stat(id, id);
    if (!stat || !*stat || (*stat)->is_bound || ((*stat)->is_kernels && from.hierarchy.is_v2))
      continue;
    MoveOperation move{(*stat)->thread, from.member_file(), to.member_file()};
    move.may_stay = true;
    plan.operations.emplace_back(std::move(move));
  }
  plan.tell = [from, to](const std::vector<Outcome> &outcomes) {
    std::size_t moved = 0, stayed = 0;
    for (const Outcome &outcome : outcomes) {
      moved += outcome.kind == Outcome::Kind::done;
      stayed += outcome.kind == Outcome::Kind::refused;
    }
    StepLines lines{fmt::format("{} moved from {} to {}", moved, from.name, to.name)};
    if (stayed)
      lines.push_back(fmt::format("{} stay: the kernel does not let them be moved", stayed));
    return lines;
  };
  return plan;
}

StepPlan move_all(const Group &from, const Group &to) {
  StepPlan plan;
  plan.operations.emplace_back(
      MoveAllOperation{from.member_file(), to.member_file(), !from.hierarchy.is_v2});
  plan.tell = [from, to](const std::vector<Outcome> &outcomes) {
    const Outcome &outcome = outcomes.front();
    StepLines lines{fmt::format("{} moved from {} to {}", outcome.moved, from.name, to.name)};
    if (!outcome.unmoved.empty())
      lines.push_back(fmt::format(
          "{} stay, which the kernel has bound: {}", outcome.unmoved.size(),
          fmt::join(std::set<std::string>(outcome.unmoved.begin(), outcome.unmoved.end()), ", ")));
    return lines;
  };
  return plan;
}

} // namespace

bool has_cpusets_v2(const Host &host) {
  const auto hierarchy = cpuset_hierarchy(host);
  return hierarchy && hierarchy->is_v2;
}

Result<StepPlan> plan_cpuset_create(const Host &host, const CpusetCreate &command) {
  auto group = group_of(host, command.group);
  if (!group)
    return group.error();
  if (control_group_exists(host, group->folder()))
    return Error{fmt::format("{} is there already", group->folder())};
  const Group parent = group->parent();
  if (!control_group_exists(host, parent.folder()))
    return not_there(parent);
  CpusetOptions options = command.options;
  for (const auto &[set, name] :
       {std::pair{&options.cpus, "/cpuset.cpus"}, std::pair{&options.mems, "/cpuset.mems"}})
    if (!group->hierarchy.is_v2 && !*set)
      if (auto inherited = read_cpu_set(host.line_of(parent.folder() + name)))
        *set = *inherited;
  auto plan = plan_options(host, *group, options);
  if (plan)
    plan->operations.insert(plan->operations.begin(),
                            GroupOperation{group->folder(), parent.folder(), group->members()});
  return plan;
}

Result<StepPlan> plan_cpuset_modify(const Host &host, const CpusetModify &command) {
  auto group = existing_group(host, command.group);
  if (!group)
    return group.error();
  if (group->is_root() && group->hierarchy.is_v2)
    return Error{"/ is the root, which has all CPUs and memory nodes"};
  return plan_options(host, *group, command.options);
}

Result<StepPlan> plan_cpuset_emptying(const Host &host, const CpusetDelete &command) {
  auto group = group_to_delete(host, command.group);
  if (!group)
    return group.error();
  return move_each(host, *group, group->parent());
}

Result<StepPlan> plan_cpuset_delete(const Host &host, const CpusetDelete &command) {
  auto group = group_to_delete(host, command.group);
  if (!group)
    return group.error();
  StepPlan plan;
  plan.operations.emplace_back(
      RemoveGroupOperation{group->folder(), kept_values(host, group->folder())});
  plan.tell = [](const std::vector<Outcome> &) { return StepLines{"removed"}; };
  return plan;
}

Result<StepPlan> plan_move_tasks(const Host &host, const MoveTasks &command,
                                 const JournalContent &journal) {
  auto from = existing_group(host, command.from), to = existing_group(host, command.to);
  if (!from || !to)
    return from ? to.error() : from.error();
  const bool goes_home =
      std::any_of(journal.changes.begin(), journal.changes.end(), [&](const HostChange &change) {
        const auto *made = std::get_if<GroupChange>(&change.what);
        return made && made->folder == to->folder() && made->home == from->folder();
      });
  return goes_home ? move_all(*from, *to) : move_each(host, *from, *to);
}

} // namespace qemu_pin
