/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/unit_bus.h"

#include "base/words.h"
#include "host/libsystemd.h"
#include "host/systemd_bus.h"
#include "host/unit_files.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <linux/magic.h>
#include <map>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <variant>
#include <vector>

namespace qemu_pin {

namespace {

constexpr const char *cgroup_mount = "/sys/fs/cgroup";

/* In microseconds. Generators run, and every unit is read. */
constexpr std::uint64_t reload_patience = 120'000'000;
constexpr std::uint64_t job_patience = 30'000'000;

struct FreeSlot {
  void operator()(sd_bus_slot *slot) const { libsystemd().slot_unref(slot); }
};
using Slot = std::unique_ptr<sd_bus_slot, FreeSlot>;

/* "org.freedesktop.systemd1.Slice"; each kind of unit has its own. */
std::string interface_of(const UnitSetting &property) {
  std::string kind = property.unit.substr(property.unit.rfind('.') + 1);
  kind[0] = static_cast<char>(kind[0] - 'a' + 'A');
  return fmt::format("{}.{}", SystemdBus::service, kind);
}

const char *cgroup_file(const UnitSetting &property) {
  return property.property == UnitSetting::Property::allowed_cpus ? "cpuset.cpus" : "cpuset.mems";
}

/* A set as bytes, as D-Bus has it: the first byte has 0 to 7, 0 as its lowest bit. */
constexpr unsigned byte_bits = 8;

std::string list_of(const std::uint8_t *bytes, std::size_t size) {
  CpuSet set;
  for (unsigned i = 0; i < size * byte_bits; ++i)
    if (bytes[i / byte_bits] & (1U << i % byte_bits))
      set.insert(i);
  return set.empty() ? "" : cpu_list(set) + "\n";
}

std::vector<std::uint8_t> bytes_of(const CpuSet &set) {
  std::vector<std::uint8_t> bytes(set.empty() ? 0 : set.last() / byte_bits + 1);
  for (unsigned i : set)
    bytes[i / byte_bits] = static_cast<std::uint8_t>(bytes[i / byte_bits] | 1U << i % byte_bits);
  return bytes;
}

/* A unit that systemd has in memory, through one connection. */
class Unit {
public:
  static Result<Unit> find(const UnitSetting &property) {
    auto bus = SystemdBus::open(setting_name(property));
    if (!bus)
      return bus.error();
    Unit unit(std::move(*bus), property);
    const BusMessage message = unit.bus_.method("GetUnit");
    libsystemd().message_append(message.get(), "s", property.unit.c_str());
    auto reply = unit.bus_.call(message);
    if (!reply)
      return reply.error();
    const char *path = nullptr;
    libsystemd().message_read(reply->get(), "o", &path);
    unit.path_ = path ? path : "";
    return unit;
  }

  Result<std::string> value() const {
    auto reply = bus_.property(path_, interface_of(property_), property_.property_name(), "ay");
    if (!reply)
      return reply.error();
    const void *bytes = nullptr;
    std::size_t size = 0;
    libsystemd().message_read_array(reply->get(), 'y', &bytes, &size);
    return list_of(static_cast<const std::uint8_t *>(bytes), size);
  }

  /* As of "systemctl set-property --runtime", which writes a drop-in. */
  Result<> set(const CpuSet &set) const {
    const std::vector<std::uint8_t> bytes = bytes_of(set);
    const BusMessage message = bus_.method("SetUnitProperties");
    sd_bus_message *m = message.get();
    libsystemd().message_append(m, "sb", property_.unit.c_str(), 1);
    libsystemd().message_open_container(m, 'a', "(sv)");
    libsystemd().message_open_container(m, 'r', "sv");
    libsystemd().message_append(m, "s", property_.property_name());
    libsystemd().message_open_container(m, 'v', "ay");
    libsystemd().message_append_array(m, 'y', bytes.data(), bytes.size());
    for (int i = 0; i < 3; ++i)
      libsystemd().message_close_container(m);
    auto reply = bus_.call(message);
    if (!reply)
      return reply.error();
    return {};
  }

  Result<> reload() const {
    auto reply = bus_.call(bus_.method("Reload"), reload_patience);
    if (!reply)
      return reply.error();
    return {};
  }

  /* The files that systemd has read it from. */
  std::vector<std::string> files() const {
    constexpr const char *interface = "org.freedesktop.systemd1.Unit";
    std::vector<std::string> files;
    auto fragment = bus_.property(path_, interface, "FragmentPath", "s");
    const char *path = nullptr;
    if (fragment && libsystemd().message_read(fragment->get(), "s", &path) > 0 && *path)
      files.emplace_back(path);
    auto drop_ins = bus_.property(path_, interface, "DropInPaths", "as");
    if (drop_ins) {
      libsystemd().message_enter_container(drop_ins->get(), 'a', "s");
      while (libsystemd().message_read(drop_ins->get(), "s", &path) > 0)
        files.emplace_back(path);
    }
    return files;
  }

  /* Of its control group; "" while it has none. */
  std::string cgroup_folder() const {
    auto reply = bus_.property(path_, interface_of(property_), "ControlGroup", "s");
    const char *path = nullptr;
    if (!reply || libsystemd().message_read(reply->get(), "s", &path) <= 0 || !*path)
      return "";
    return std::string(cgroup_mount) + path;
  }

private:
  Unit(SystemdBus bus, UnitSetting property)
      : bus_(std::move(bus)), property_(std::move(property)) {}

  SystemdBus bus_;
  UnitSetting property_;
  std::string path_;
};

/* How the jobs ended that systemd told of, by their paths. */
using EndedJobs = std::map<std::string, std::string>;

int note_ended_job(sd_bus_message *message, void *jobs, sd_bus_error *) {
  std::uint32_t id = 0;
  const char *path = nullptr, *unit = nullptr, *result = nullptr;
  if (libsystemd().message_read(message, "uoss", &id, &path, &unit, &result) > 0)
    (*static_cast<EndedJobs *>(jobs))[path] = result;
  return 0;
}

/* "done", or how it failed. */
std::string wait_for_job(const SystemdBus &bus, const EndedJobs &jobs, const std::string &job) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::microseconds(job_patience);
  while (!jobs.contains(job)) {
    int result = libsystemd().process(bus.get(), nullptr);
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
        deadline - std::chrono::steady_clock::now());
    if (result == 0 && left.count() > 0)
      result = libsystemd().wait(bus.get(), static_cast<std::uint64_t>(left.count()));
    if (result < 0 && result != -EINTR)
      return strerror(-result);
    if (left.count() <= 0)
      return "systemd has not done it in time";
  }
  return jobs.at(job);
}

/* A unit's control group has what its parent has, if it could not be made to inherit it:
 * while there is a process below, the kernel refuses to empty its set, and systemd leaves it
 * at that. When the last unit that has a set loses it, systemd has them all inherit. */
Result<> widen(const Host &host, const std::string &folder, const std::string &file) {
  if (folder.empty() || host.line_of(folder + "/" + file).empty())
    return {};
  const std::string parent = folder.substr(0, folder.rfind('/'));
  return host.write_file(folder + "/" + file,
                         host.line_of(parent + "/" + file + ".effective") + "\n");
}

/* Has the control group what the property says? systemd only logs it if not. */
Result<> group_fault(const Host &host, const UnitSetting &property, const std::string &folder,
                     const CpuSet &set) {
  if (folder.empty())
    return {}; /* the unit has no process */
  const std::string file = folder + "/" + cgroup_file(property);
  const std::string list = host.line_of(file);
  auto found = list.empty() ? CpuSet() : read_cpu_set(list);
  if (found && *found == set)
    return {};
  return Error{fmt::format("{}: systemd has taken '{}', but {} is '{}'", setting_name(property),
                           cpu_list(set), file, list),
               EIO};
}

/* Gives a unit the set that its other files say: by having systemd read them again, the
 * drop-in gone, so that nothing tells that there was one. Whoever is killed before the end
 * finds the property as it was. False if they say something else. */
Result<bool> revert(const Host &host, const Unit &unit, const UnitSetting &property,
                    const CpuSet &set) {
  const std::vector<std::string> drop_ins =
      runtime_drop_ins(property.unit, property.property_name(), host.path(""));
  std::vector<std::string> files = unit.files();
  std::erase_if(files, [&](const std::string &file) {
    return std::find(drop_ins.begin(), drop_ins.end(), file) != drop_ins.end();
  });
  if (set_in_files(files, property.property_name()) != set)
    return false;
  if (set.empty())
    if (auto result = widen(host, unit.cgroup_folder(), cgroup_file(property)); !result)
      return result.error();
  for (const std::string &drop_in : drop_ins)
    if (auto result = remove_drop_in(drop_in); !result)
      return Error{result.error().message, EIO};
  if (auto result = unit.reload(); !result)
    return result.error();
  return true;
}

} // namespace

bool is_systemd_host(const Host &host) {
  struct stat folder = {};
  struct statfs mount = {};
  return host.is_live() && lstat("/run/systemd/system", &folder) == 0 && S_ISDIR(folder.st_mode) &&
         statfs(cgroup_mount, &mount) == 0 && mount.f_type == CGROUP2_SUPER_MAGIC;
}

Result<std::optional<std::string>> read_unit_property(const UnitSetting &property) {
  auto unit = Unit::find(property);
  auto value = unit ? unit->value() : Result<std::string>(unit.error());
  if (!value && value.error().number == ENOENT)
    return std::optional<std::string>();
  if (!value)
    return value.error();
  return std::optional(*value);
}

Result<> write_unit_property(const Host &host, const UnitSetting &property,
                             const std::string &value) {
  const std::string list = stripped(value);
  auto set = list.empty() ? CpuSet() : read_cpu_set(list);
  if (!set)
    return Error{setting_name(property) + ": " + set.error().message, EINVAL};
  auto found = Unit::find(property);
  if (!found)
    return found.error();
  const Unit &unit = *found;
  const auto reverted = revert(host, unit, property, *set);
  if (!reverted)
    return reverted.error();
  if (!*reverted)
    if (auto result = unit.set(*set); !result)
      return result.error();
  /* systemd answers this once it has seen to the control groups. */
  const auto now = unit.value();
  if (!now)
    return now.error();
  const std::string folder = unit.cgroup_folder();
  if (set->empty())
    return widen(host, folder, cgroup_file(property));
  return group_fault(host, property, folder, *set);
}

Result<> start_scope(const std::string &scope, pid_t process) {
  auto opened = SystemdBus::open(scope);
  if (!opened)
    return opened.error();
  const SystemdBus &bus = *opened;
  EndedJobs jobs;
  sd_bus_slot *slot = nullptr;
  const int watched =
      libsystemd().match_signal(bus.get(), &slot, SystemdBus::service, SystemdBus::manager_path,
                                SystemdBus::manager, "JobRemoved", note_ended_job, &jobs);
  const Slot owned(slot);
  if (watched < 0)
    return Error{scope + ": " + strerror(-watched)};
  auto reply = bus.call(bus.method("Subscribe"));
  if (!reply)
    return reply.error();
  const BusMessage message = bus.method("StartTransientUnit");
  const std::string description = fmt::format("CPUs isolated by qemu-pin for process {}", process);
  libsystemd().message_append(message.get(), "ssa(sv)a(sa(sv))", scope.c_str(), "fail", 5,
                              "Description", "s", description.c_str(), "Slice", "s", "-.slice",
                              "PIDs", "au", 1, static_cast<std::uint32_t>(process), "Delegate", "b",
                              1, "CollectMode", "s", "inactive-or-failed", 0);
  reply = bus.call(message);
  if (!reply)
    return reply.error();
  const char *job = nullptr;
  libsystemd().message_read(reply->get(), "o", &job);
  const std::string result = job ? wait_for_job(bus, jobs, job) : "systemd named no job";
  if (result != "done")
    return Error{fmt::format("{}: {}", scope, result)};
  return {};
}

} // namespace qemu_pin
