/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/cpuset.h"

#include "host/control_group.h"
#include "host/unit_bus.h"
#include "isolation/steps/cpuset_told.h"
#include "isolation/steps/kept_masks.h"
#include "kernel/procfs.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <set>

namespace qemu_pin {

namespace {

constexpr const char *host_group_name = "/qemu-pin-host";

/* libvirt's guests are in these. */
constexpr std::array guest_groups = {"machine", "machine.slice"};

bool needs_group(const IsolationRequest &request) {
  return request.guest || !request.group.empty() || !request.partition.empty() ||
         request.exclusive || !request.load_balance;
}

/* The CPUs that other isolations have. */
CpuSet isolated_by_others(const IsolationRequest &request, const JournalContent &journal) {
  CpuSet all;
  for (const Isolation &isolation : journal.isolations)
    if (isolation.id != request.id())
      all.merge(isolation.id.cpus());
  return all;
}

CpuSet shared(const CpuSet &a, const CpuSet &b) {
  return without(a, without(a, b));
}

class Planner {
public:
  Planner(const Host &host, const IsolationRequest &request, const JournalContent &journal,
          CpusetHierarchy hierarchy)
      : host_(host), request_(request), journal_(journal), hierarchy_(std::move(hierarchy)),
        root_(hierarchy_.folder), is_systemd_(hierarchy_.is_v2 && is_systemd_host(host)),
        members_(hierarchy_.is_v2 ? "cgroup.procs" : "tasks"),
        others_(isolated_by_others(request, journal)), guest_group_(guest_group(host, request)),
        kept_(host, request, journal) {
    told_.rest = cpu_list(without(without(host.online(), request.cpus), others_));
  }

  Result<StepPlan> run() {
    if (auto result = check(); !result)
      return result.error();
    if (request_.guest)
      add(kept_.of_guest());
    if (is_systemd_)
      narrow_units();
    else if (hierarchy_.is_v2)
      narrow_v2();
    else
      narrow_v1();
    if (!guest_group_.empty())
      plan_guest();
    add(kept_.all()); /* again, once all is in its group */
    auto told = std::make_shared<CpusetTold>(std::move(told_));
    plan_.tell = [told](const std::vector<Outcome> &outcomes) { return told->lines(outcomes); };
    return std::move(plan_);
  }

private:
  Result<> check() const {
    if (hierarchy_.is_v2 && (request_.exclusive || !request_.load_balance || request_.migrate))
      return Error{"exclusive, load balance and migrate are flags of cgroup v1; this host has v2: "
                   "see --partition"};
    if (!hierarchy_.is_v2 && !request_.partition.empty())
      return Error{"partitions are cgroup v2's; this host has v1: see --exclusive"};
    if (is_systemd_ && needs_group(request_) && !request_.guest && request_.group.empty())
      return Error{"--partition is for a guest's group, and systemd makes none without a process: "
                   "give --pid or --group"};
    if (request_.mems.empty())
      return {};
    const CpuSet nodes = all_nodes();
    if (const CpuSet missing = without(request_.mems, nodes); !missing.empty())
      return Error{fmt::format("--mems: there is no memory node {}: the host has {}",
                               *missing.begin(), cpu_list(nodes))};
    if (without(nodes, request_.mems).empty())
      return Error{fmt::format("--mems {} leaves the host no memory node: it has {}",
                               cpu_list(request_.mems), cpu_list(nodes))};
    return {};
  }

  CpuSet all_nodes() const {
    auto nodes = read_cpu_set(host_.line_of("/sys/devices/system/node/has_memory"));
    return nodes ? *nodes : CpuSet{0};
  }

  CpuSet set_in(const std::string &file) const {
    auto cpus = read_cpu_set(host_.line_of(file));
    return cpus ? *cpus : CpuSet();
  }

  /* What a group's threads may use. */
  CpuSet effective(const std::string &folder) const {
    for (const char *name : {"/cpuset.cpus.effective", "/cpuset.effective_cpus", "/cpuset.cpus"})
      if (CpuSet cpus = set_in(folder + name); !cpus.empty())
        return cpus;
    return host_.online();
  }

  bool is_left_alone(const std::string &folder) const {
    const std::string name = std::filesystem::path(folder).filename();
    if (std::find(guest_groups.begin(), guest_groups.end(), name) != guest_groups.end())
      return true;
    return folder == guest_group_ ||
           std::any_of(journal_.isolations.begin(), journal_.isolations.end(),
                       [&](const Isolation &isolation) { return folder == isolation.group; });
  }

  std::vector<std::string> groups_in(const std::string &folder) const {
    std::vector<std::string> found = control_groups_in(host_, folder);
    std::erase_if(found, [&](const std::string &group) { return is_left_alone(group); });
    return found;
  }

  std::string short_name(const std::string &folder) const {
    return folder.substr(root_.size() + 1);
  }

  /* Would a group be left with CPUs? If not, it is somebody's who wants just these. */
  bool can_do_without(const std::string &folder, const CpuSet &cpus) {
    if (!without(without(cpus, request_.cpus), others_).empty())
      return true;
    told_.left.push_back(short_name(folder));
    return false;
  }

  SetOperation set(Setting setting, Claim::Want want, const std::string &operand) const {
    return {std::move(setting), want == Claim::Want::value ? ValueFormat::text : ValueFormat::list,
            want, operand};
  }

  void value(const std::string &name, const std::string &value, const std::string &before) {
    SetOperation operation = set(FileSetting{name}, Claim::Want::value, value + "\n");
    operation.before = value_if_absent(name, before);
    plan_.operations.push_back(operation);
  }

  std::optional<std::string> value_if_absent(const std::string &file,
                                             const std::string &before) const {
    auto text = host_.read_file(file);
    return text && !*text ? std::optional(before + "\n") : std::nullopt;
  }

  /* The group that gets what is in none. */
  void make_host_group(const std::string &folder) {
    plan_.operations.push_back(GroupOperation{folder, root_, members_});
    if (!hierarchy_.is_v2)
      value(folder + "/cpuset.mems",
            cpu_list(without(set_in(root_ + "/cpuset.mems"), request_.mems)), "");
    SetOperation cpus =
        set(FileSetting{folder + "/cpuset.cpus"}, Claim::Want::without, request_.id().list());
    cpus.before = cpu_list(effective(root_)) + "\n";
    if (known(cpus.setting))
      cpus.before.reset();
    plan_.operations.push_back(cpus);
    told_.narrowed.push_back(short_name(folder));
  }

  bool known(const Setting &setting) const { return journal_.find_setting(setting) != nullptr; }

  void move_rest(const std::string &folder, bool kernels_too) {
    told_.move_all = plan_.operations.size();
    plan_.operations.push_back(
        MoveAllOperation{root_ + "/" + members_, folder + "/" + members_, kernels_too});
  }

  void narrow_v2() {
    std::set<std::string> controllers = controllers_below(host_, root_);
    controllers.insert("cpuset");
    plan_.operations.push_back(set(FileSetting{root_ + "/cgroup.subtree_control"},
                                   Claim::Want::value, controllers_line(controllers)));

    const std::string host_group = root_ + host_group_name;
    keep_masks_of(root_, /*kernels_too=*/false);
    for (const std::string &folder : groups_in(root_))
      if (folder != host_group)
        narrow_file(folder);
    make_host_group(host_group);
    if (!request_.mems.empty())
      narrow_mems(host_group);
    move_rest(host_group, /*kernels_too=*/false);
  }

  void narrow_mems(const std::string &folder) {
    const std::string file = folder + "/cpuset.mems";
    SetOperation mems = set(FileSetting{file}, Claim::Want::without, cpu_list(request_.mems));
    mems.means = cpu_list(all_nodes());
    mems.before = value_if_absent(file, "");
    plan_.operations.push_back(mems);
  }

  /* Ours when it has one of the CPUs, or will have again when another isolation ends. */
  void narrow_file(const std::string &folder) {
    const std::string file = folder + "/cpuset.cpus";
    SetOperation cpus = set(FileSetting{file}, Claim::Want::without, request_.id().list());
    const CpuSet now = effective(folder);
    cpus.means = cpu_list(hierarchy_.is_v2 ? effective(root_) : CpuSet());
    cpus.before = hierarchy_.is_v2 ? value_if_absent(file, "") : std::nullopt;
    if (shared(now, request_.cpus).empty() || !can_do_without(folder, now))
      return;
    keep_masks_of(folder, /*kernels_too=*/true);
    plan_.operations.push_back(cpus);
    if (!request_.mems.empty())
      narrow_mems(folder);
    told_.narrowed.push_back(short_name(folder));
  }

  void narrow_units() {
    for (const std::string &folder : groups_in(root_)) {
      const std::string unit = short_name(folder);
      if (!unit.ends_with(".slice") && !unit.ends_with(".scope"))
        continue;
      const CpuSet now = effective(folder);
      if (shared(now, request_.cpus).empty() || !can_do_without(folder, now))
        continue;
      keep_masks_of(folder, /*kernels_too=*/false);
      narrow_unit(unit, UnitSetting::Property::allowed_cpus, request_.cpus, effective(root_));
      if (!request_.mems.empty())
        narrow_unit(unit, UnitSetting::Property::allowed_memory_nodes, request_.mems, all_nodes());
      told_.narrowed.push_back(unit);
    }
  }

  void narrow_unit(const std::string &unit, UnitSetting::Property property, const CpuSet &taken,
                   const CpuSet &all) {
    SetOperation operation =
        set(UnitSetting{unit, property}, Claim::Want::without, cpu_list(taken));
    operation.means = cpu_list(all);
    plan_.operations.push_back(operation);
  }

  /* Deepest first: a group's CPUs must be among its parent's. */
  void narrow_v1_in(const std::string &folder) {
    for (const std::string &group : groups_in(folder)) {
      if (group == root_ + host_group_name)
        continue;
      narrow_v1_in(group);
      if (!set_in(group + "/cpuset.cpus").empty())
        narrow_file(group);
    }
  }

  void narrow_v1() {
    const std::string host_group = root_ + host_group_name;
    keep_masks_of(root_, /*kernels_too=*/true);
    narrow_v1_in(root_);
    make_host_group(host_group);
    if (request_.migrate)
      value(host_group + "/cpuset.memory_migrate", "1", "0");
    move_rest(host_group, /*kernels_too=*/true);
  }

  void keep_masks_of(const std::string &folder, bool kernels_too) {
    if (host_.is_live())
      add(kept_.of_threads(threads_below(folder), effective(folder), kernels_too));
  }

  void add(const std::vector<SetOperation> &operations) {
    plan_.operations.insert(plan_.operations.end(), operations.begin(), operations.end());
  }

  std::vector<pid_t> threads_below(const std::string &folder) const {
    std::vector<pid_t> threads =
        ids_in(host_, folder + (hierarchy_.is_v2 ? "/cgroup.threads" : "/tasks"));
    if (folder == root_)
      return threads;
    for (const std::string &group : control_groups_in(host_, folder)) {
      const std::vector<pid_t> more = threads_below(group);
      threads.insert(threads.end(), more.begin(), more.end());
    }
    return threads;
  }

  void plan_guest() {
    const bool is_ours = request_.group.empty();
    const bool is_alone = !request_.partition.empty() || request_.exclusive;
    told_.group = guest_group_.substr(root_.size());
    told_.guest = request_.guest;
    if (is_ours && !is_systemd_)
      plan_.operations.push_back(GroupOperation{guest_group_, root_, members_});
    if (is_systemd_ && request_.guest)
      move_guest(guest_group_.substr(root_.size() + 1));
    if (is_systemd_ && is_alone) {
      SetOperation cpus =
          set(UnitSetting{told_.group.substr(1), UnitSetting::Property::allowed_cpus},
              Claim::Want::value, request_.id().list() + "\n");
      if (is_ours)
        cpus.before = "\n";
      plan_.operations.push_back(cpus);
    } else if (!is_systemd_) {
      plan_guest_files(is_alone);
    }
    if (!request_.partition.empty()) {
      told_.partition = plan_.operations.size();
      told_.partition_kind = request_.partition;
      const std::string file = guest_group_ + "/cpuset.cpus.partition";
      SetOperation partition =
          set(FileSetting{file}, Claim::Want::value, request_.partition + "\n");
      partition.verified = true;
      partition.before = value_if_absent(file, "member");
      plan_.operations.push_back(partition);
    }
    if (!is_systemd_ && request_.guest)
      move_guest("");
  }

  void plan_guest_files(bool is_alone) {
    const std::string all = cpu_list(without(effective(root_), others_));
    if (!hierarchy_.is_v2)
      value(guest_group_ + "/cpuset.mems",
            request_.mems.empty() ? host_.line_of(root_ + "/cpuset.mems") : cpu_list(request_.mems),
            "");
    else if (!request_.mems.empty())
      value(guest_group_ + "/cpuset.mems", cpu_list(request_.mems), "");
    if (is_alone || !hierarchy_.is_v2)
      value(guest_group_ + "/cpuset.cpus", is_alone ? request_.id().list() : all, "");
    if (request_.exclusive)
      value(guest_group_ + "/cpuset.cpu_exclusive", "1", "0");
    if (request_.migrate)
      value(guest_group_ + "/cpuset.memory_migrate", "1", "0");
    if (!request_.load_balance) {
      value(root_ + "/cpuset.sched_load_balance", "0", "1");
      value(guest_group_ + "/cpuset.sched_load_balance", "0", "1");
    }
  }

  void move_guest(const std::string &scope) {
    auto stat = host_.procfs().stat(request_.guest, request_.guest);
    const auto group = control_group_of(request_.guest, hierarchy_.is_v2, host_.path(""));
    if (!stat || !*stat || !group)
      return; /* it has ended; the caller has seen it alive */
    plan_.operations.push_back(
        MoveOperation{(*stat)->thread, root_ + (*group == "/" ? "" : *group) + "/cgroup.procs",
                      guest_group_ + "/cgroup.procs", scope});
  }

  const Host &host_;
  const IsolationRequest &request_;
  const JournalContent &journal_;
  CpusetHierarchy hierarchy_;
  std::string root_;
  bool is_systemd_;
  std::string members_;
  CpuSet others_;
  std::string guest_group_;
  StepPlan plan_;
  KeptMasks kept_;
  CpusetTold told_;
};

} // namespace

std::string guest_group(const Host &host, const IsolationRequest &request) {
  const auto hierarchy = needs_group(request) ? cpuset_hierarchy(host) : std::nullopt;
  if (!hierarchy)
    return "";
  if (!request.group.empty())
    return hierarchy->folder + request.group;
  const bool is_scope = hierarchy->is_v2 && is_systemd_host(host);
  return hierarchy->folder + "/qemu-pin-" + request.id().list() + (is_scope ? ".scope" : "");
}

Result<StepPlan> plan_cpuset(const Host &host, const IsolationRequest &request,
                             const JournalContent &journal) {
  const auto hierarchy = cpuset_hierarchy(host);
  if (!hierarchy) {
    StepPlan plan;
    plan.tell = [](const std::vector<Outcome> &) {
      return StepLines{"this host has no cpusets: nothing keeps others off the CPUs"};
    };
    return plan;
  }
  return Planner(host, request, journal, *hierarchy).run();
}

} // namespace qemu_pin
