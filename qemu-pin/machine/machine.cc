/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/machine.h"

#include "base/cpu_set.h"
#include "base/json.h"
#include "base/number.h"
#include "base/printable.h"
#include "pins/option_pieces.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace qemu_pin {

using nlohmann::json;

namespace {

/* With a monitor that may be another client's: at first, and when it is asked again. */
constexpr std::chrono::milliseconds patience(500), short_patience(200);
constexpr std::chrono::seconds until_asked_again(1);

const Error not_qemus{"QMP: an answer that is not as QEMU's schema has it"};

template <typename T> std::optional<T> member(const json &object, const char *key) {
  if (!object.is_object() || !object.contains(key))
    return std::nullopt;
  const json &value = object[key];
  if constexpr (std::is_same_v<T, std::string>) {
    if (value.is_string())
      return value.get<std::string>();
  } else if (value.is_number_unsigned() &&
             value.get<std::uint64_t>() <=
                 static_cast<std::uint64_t>(std::numeric_limits<T>::max())) {
    return static_cast<T>(value.get<std::uint64_t>());
  }
  return std::nullopt;
}

/* Elements of query's answer, by their member key, with their thread-id. */
template <typename Key>
Result<std::map<Key, pid_t>> threads_by(Qmp &monitor, const char *query, const char *key) {
  auto answer = monitor.execute(query);
  if (!answer)
    return answer.error();
  if (!answer->is_array())
    return not_qemus;
  std::map<Key, pid_t> threads;
  for (const json &element : *answer) {
    const auto name = member<Key>(element, key);
    const auto thread = member<pid_t>(element, "thread-id");
    if (!name || !thread || !threads.emplace(*name, *thread).second)
      return not_qemus;
  }
  return threads;
}

bool is_on(const std::vector<OptionPiece> &pieces, const std::string &key) {
  const std::string value = value_of(pieces, key);
  return value == "on" || value == "yes" || value == "true" || value == "y";
}

/* A socket that QEMU listens on for whoever comes. To connect to one that waits for
 * its client would start the guest. */
bool is_open(const std::vector<OptionPiece> &pieces) {
  const std::string wait = value_of(pieces, "wait");
  return is_on(pieces, "server") && (is_on(pieces, "nowait") || wait == "off" || wait == "no");
}

bool names_threads(const QemuProcess &process) {
  const std::vector<std::string> &arguments = process.arguments();
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i)
    if (option_name(arguments[i]) == "-name" &&
        is_on(option_pieces(arguments[i + 1], "guest"), "debug-threads"))
      return true;
  return false;
}

bool is_unknown(const MachineThread &thread) {
  return thread.role == Role::unknown;
}

} // namespace

Result<std::map<unsigned, pid_t>> vcpu_threads(Qmp &monitor) {
  return threads_by<unsigned>(monitor, "query-cpus-fast", "cpu-index");
}

Result<std::map<std::string, pid_t>> iothread_threads(Qmp &monitor) {
  return threads_by<std::string>(monitor, "query-iothreads", "id");
}

std::vector<std::string> monitor_sockets(const QemuProcess &process) {
  const std::vector<std::string> &arguments = process.arguments();
  std::map<std::string, std::string> chardevs; /* paths of sockets, by id */
  std::vector<std::string> controls, paths;    /* chardevs of -mon; what was found */
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
    const std::string option = option_name(arguments[i]), &value = arguments[i + 1];
    if (option == "-qmp" && value.starts_with("unix:")) {
      const auto pieces = option_pieces(value.substr(5), "path");
      if (is_open(pieces))
        paths.push_back(value_of(pieces, "path"));
    } else if (option == "-chardev") {
      const auto pieces = option_pieces(value, "backend");
      if (value_of(pieces, "backend") == "socket" && is_open(pieces))
        chardevs[value_of(pieces, "id")] = value_of(pieces, "path");
    } else if (option == "-mon") {
      const auto pieces = option_pieces(value, "chardev");
      if (value_of(pieces, "mode") == "control")
        controls.push_back(value_of(pieces, "chardev"));
    }
  }
  for (const std::string &control : controls)
    if (!chardevs[control].empty())
      paths.push_back(chardevs[control]);
  /* Relative ones are to its own working directory. */
  for (std::string &path : paths)
    if (std::filesystem::path(path).is_relative())
      path.insert(0, process.host().path("/proc/" + std::to_string(process.id()) + "/cwd/"));
  return paths;
}

const char *role_name(Role role) {
  switch (role) {
  case Role::vcpu:
    return "vcpu";
  case Role::iothread:
    return "iothread";
  case Role::emulator:
    return "emulator";
  case Role::worker:
    return "worker";
  case Role::context:
    return "context";
  case Role::kvm:
    return "kvm";
  case Role::vhost:
    return "vhost";
  case Role::unknown:
    break;
  }
  return "unknown";
}

std::string MachineThread::role_text() const {
  const std::string name = role_name(role);
  switch (role) {
  case Role::vcpu:
    if (vcpus.empty())
      return name + "s";
    return name + (vcpus.size() == 1 ? " " : "s ") + cpu_list({vcpus.begin(), vcpus.end()});
  case Role::iothread:
    return name + " " + printable(iothread);
  case Role::unknown:
    return "?";
  default:
    return name;
  }
}

Machine::Machine(QemuProcess process, std::optional<Qmp> monitor)
    : process_(std::move(process)), names_threads_(names_threads(process_)),
      monitor_(std::move(monitor)) {}

/* By the names that QEMU and Linux give. */
MachineThread Machine::described(pid_t id, const Seen &seen) const {
  const ThreadStat &stat = seen.stat;
  MachineThread thread{stat.thread, stat.name, Role::emulator, {}, {}, stat.processor, seen.usage};
  const auto found = told_.find(id);
  const std::string_view name = stat.name;
  const auto starts = [&](std::string_view prefix) { return name.starts_with(prefix); };
  if (found != told_.end()) {
    thread.role = found->second.vcpus.empty() ? Role::iothread : Role::vcpu;
    thread.vcpus = found->second.vcpus;
    thread.iothread = found->second.iothread;
  } else if (id == process_.id()) {
    thread.role = Role::emulator;
  } else if (starts("kvm-nx-lpage-re") || starts("kvm-pit/")) {
    thread.role = Role::kvm;
  } else if (starts("vhost-")) {
    thread.role = Role::vhost;
  } else if (name == "worker" || starts("iou-wrk-") || starts("iou-sqp-")) {
    thread.role = Role::worker;
  } else if (name == "pin/context") {
    thread.role = Role::context;
  } else if (told_.empty() && starts("CPU ")) {
    const auto vcpu = number<unsigned>(name.substr(4, name.find('/') - 4));
    thread.role = vcpu ? Role::vcpu : Role::unknown;
    if (vcpu)
      thread.vcpus = {*vcpu};
  } else if (told_.empty() && starts("ALL CPUs/")) {
    thread.role = Role::vcpu;
  } else if (told_.empty() && starts("IO ") && name != "IO mon_iothread") {
    thread.role = Role::iothread;
    thread.iothread = name.substr(3);
  } else if (told_.empty() && !names_threads_ && name == main_name_) {
    thread.role = Role::unknown;
  }
  return thread;
}

/* A null pointer for one that is gone. What is taken from stat changes as a thread
 * runs; and so does schedstat, also when its id comes to be another thread's. (Kernels
 * that were told not to count say that no thread has ever run.) */
Result<const Machine::Seen *> Machine::see(pid_t id) {
  const Procfs &procfs = process_.host().procfs();
  const auto former = seen_.find(id);
  const bool counted =
      former != seen_.end() && former->second.usage && former->second.usage->slices > 0;
  auto usage = procfs.usage(process_.id(), id, counted ? &*former->second.usage : nullptr);
  if (!usage)
    return usage.error();
  if (counted && *usage == former->second.usage)
    return &former->second;
  auto stat = procfs.stat(process_.id(), id);
  if (!stat)
    return stat.error();
  if (!*stat)
    return nullptr;
  return &seen_.insert_or_assign(id, Seen{std::move(**stat), *usage}).first->second;
}

/* The first on its command line that answers. */
std::optional<Qmp> Machine::borrowed_monitor(std::chrono::milliseconds timeout) const {
  for (const std::string &socket : monitor_sockets(process_))
    if (auto monitor = Qmp::connect(socket, timeout))
      return std::move(*monitor);
  return std::nullopt;
}

/* False if it does not answer. */
bool Machine::ask(Qmp &monitor) {
  auto vcpus = vcpu_threads(monitor);
  auto iothreads = iothread_threads(monitor);
  if (!vcpus || !iothreads)
    return false;
  for (const auto &[vcpu, thread] : *vcpus)
    told_[thread].vcpus.push_back(vcpu);
  for (const auto &[id, thread] : *iothreads)
    told_[thread].iothread = id;
  return true;
}

/* It may have another client now, or be slow on a busy host: then it is tried again later. */
bool Machine::ask_borrowed_monitor() {
  auto borrowed = borrowed_monitor(ask_again_ ? short_patience : patience);
  const bool told = borrowed && ask(*borrowed);
  ask_again_.reset();
  if (!told)
    ask_again_ = std::chrono::steady_clock::now() + until_asked_again;
  return told;
}

Result<std::vector<MachineThread>> Machine::described(const std::vector<pid_t> &ids) {
  std::vector<MachineThread> threads;
  for (pid_t id : ids) {
    auto seen = see(id);
    if (!seen)
      return seen.error();
    if (!*seen)
      continue;
    if (id == process_.id())
      main_name_ = (*seen)->stat.name;
    threads.push_back(described(id, **seen));
  }
  /* Where vCPUs have names, a thread without one is of QEMU's first, made before it knew
   * that names are wanted. */
  if (std::any_of(threads.begin(), threads.end(),
                  [](const MachineThread &thread) { return thread.role == Role::vcpu; }))
    for (MachineThread &thread : threads)
      if (thread.role == Role::unknown)
        thread.role = Role::emulator;
  return threads;
}

Result<std::vector<MachineThread>> Machine::threads() {
  auto ids = process_.host().procfs().thread_ids(process_.id());
  if (!ids)
    return ids.error();
  if (!process_.is_alive())
    return std::vector<MachineThread>();
  const bool changed = *ids != asked_for_;
  if (changed) {
    told_.clear();
    asked_for_ = *ids;
    if (monitor_)
      ask(*monitor_);
  }
  std::erase_if(seen_, [&](const auto &seen) {
    return !std::binary_search(ids->begin(), ids->end(), seen.first);
  });
  auto found = described(*ids);
  const bool due = changed || (ask_again_ && std::chrono::steady_clock::now() >= *ask_again_);
  if (due && found && !monitor_ && std::any_of(found->begin(), found->end(), is_unknown) &&
      ask_borrowed_monitor())
    found = described(*ids);
  if (!found)
    return found;
  std::vector<MachineThread> &threads = *found;
  /* Its id may have come to be another process's while we looked. */
  if (!process_.is_alive())
    threads.clear();
  const auto rank = [](const MachineThread &thread) {
    return thread.role == Role::vcpu ? 0 : thread.role == Role::iothread ? 1 : 2;
  };
  std::stable_sort(threads.begin(), threads.end(), [&](const auto &a, const auto &b) {
    if (rank(a) != rank(b))
      return rank(a) < rank(b);
    return a.role == Role::vcpu ? a.vcpus < b.vcpus : a.iothread < b.iothread;
  });
  return found;
}

bool Machine::has_pinning_objects() {
  if (!monitor_ && !told_.empty())
    monitor_ = borrowed_monitor(patience);
  return monitor_ && monitor_->execute("qom-list", {{"path", "/machine/pinning"}});
}

} // namespace qemu_pin
