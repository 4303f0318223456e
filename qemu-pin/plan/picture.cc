/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/picture.h"

#include "base/fd.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <hwloc.h>
#include <map>
#include <memory>
#include <spawn.h>
#include <sys/wait.h>
#include <vector>

namespace qemu_pin {

namespace {

struct Look {
  const char *background;
  const char *text; /* its colour */
  const char *meaning;
};
constexpr Look guest_look = {"#1b7837", "#ffffff", "green: the guest's vCPUs"};
constexpr Look emulator_look = {"#f4a582", "#000000", "orange: QEMU's other threads"};
constexpr Look iothread_look = {"#4393c3", "#ffffff", "blue: iothreads"};
constexpr Look idle_look = {"#a6dba0", "#000000", "pale green: the guest's, idle"};

/* What is drawn on a CPU. */
struct Role {
  const Look *look;
  std::string name;
};

using Roles = std::map<unsigned, Role>;

void add(Roles &roles, const std::string &list, const Look &look, const std::string &name) {
  auto cpus = read_cpu_set(list);
  if (!cpus)
    return;
  for (unsigned cpu : *cpus) {
    Role &role = roles[cpu];
    role.name += (role.name.empty() ? "" : ", ") + name;
    role.look = &look;
  }
}

Roles roles_of(const PinPlan &plan, const CpuSet &idle) {
  Roles roles;
  for (unsigned cpu : idle)
    roles[cpu] = {&idle_look, "idle"};
  if (!plan.emulator.empty())
    add(roles, plan.emulator, emulator_look, "emulator");
  for (const IothreadPin &iothread : plan.iothreads)
    if (!iothread.affinity.empty())
      add(roles, iothread.affinity, iothread_look, iothread.id);
  for (std::size_t vcpu = 0; vcpu < plan.vcpus.size(); ++vcpu)
    add(roles, plan.vcpus[vcpu], guest_look, fmt::format("vCPU {}", vcpu));
  return roles;
}

struct FreeTopology {
  void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};

/* The host's XML with the style attributes that lstopo draws by, and each CPU's role
 * as the kind of thing it is. */
Result<std::string> styled(const std::string &xml, const Roles &roles) {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0)
    return system_error("hwloc", errno);
  std::unique_ptr<hwloc_topology, FreeTopology> topology(raw);
  if (hwloc_topology_set_xmlbuffer(raw, xml.c_str(), static_cast<int>(xml.size() + 1)) != 0 ||
      hwloc_topology_load(raw) != 0)
    return Error{"hwloc cannot read what it has written"};
  for (hwloc_obj_t cpu = nullptr; (cpu = hwloc_get_next_obj_by_type(raw, HWLOC_OBJ_PU, cpu));) {
    const auto role = roles.find(cpu->os_index);
    if (role == roles.end())
      continue;
    const Look &look = *role->second.look;
    const std::string style = fmt::format("Background={};Text={}", look.background, look.text);
    hwloc_obj_add_info(cpu, "lstopoStyle", style.c_str());
    std::free(cpu->subtype);
    cpu->subtype = strdup(role->second.name.c_str());
  }
  char *buffer = nullptr;
  int length = 0;
  if (hwloc_topology_export_xmlbuffer(raw, &buffer, &length, 0) != 0)
    return system_error("hwloc", errno);
  std::string text(buffer, static_cast<std::size_t>(length - 1));
  hwloc_free_xmlbuffer(raw, buffer);
  return text;
}

/* A folder beside the picture, so that it can be put in its place in one step. */
class Workshop {
public:
  explicit Workshop(const std::filesystem::path &file) {
    const std::filesystem::path parent = file.has_parent_path() ? file.parent_path() : ".";
    std::string path = (parent / ".qemu-pin-XXXXXX").native();
    if (mkdtemp(path.data()))
      path_ = path;
    else
      error_ = errno;
  }
  Workshop(const Workshop &) = delete;
  Workshop &operator=(const Workshop &) = delete;
  ~Workshop() {
    std::error_code ignored;
    if (!path_.empty())
      std::filesystem::remove_all(path_, ignored);
  }

  /* 0, or why there is no folder. */
  int error() const { return error_; }
  std::filesystem::path operator/(const std::string &name) const { return path_ / name; }

private:
  std::filesystem::path path_;
  int error_ = 0;
};

Result<> write_file(const std::filesystem::path &path, const std::string &text) {
  Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file)
    return system_error(path.native(), errno);
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = write(file.number(), text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR)
      return system_error(path.native(), errno);
    done += n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  return {};
}

/* Its exit status; 127 when there is no such program. */
Result<int> run(const std::vector<std::string> &command) {
  std::vector<char *> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string &argument : command)
    arguments.push_back(const_cast<char *>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const int failure =
      posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure == ENOENT)
    return 127;
  if (failure)
    return system_error(command[0], failure);
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return system_error(command[0], errno);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::vector<std::string> legend(const PinPlan &plan, const CpuSet &idle) {
  std::vector<std::string> arguments;
  const auto add_line = [&](const Look &look) {
    arguments.push_back("--append-legend");
    arguments.push_back(look.meaning);
  };
  add_line(guest_look);
  if (!idle.empty())
    add_line(idle_look);
  if (!plan.emulator.empty())
    add_line(emulator_look);
  if (!plan.iothreads.empty())
    add_line(iothread_look);
  return arguments;
}

} // namespace

Result<> draw(const std::string &xml, const PinPlan &plan, const CpuSet &idle,
              const std::string &file) {
  const std::filesystem::path target(file);
  if (!target.has_extension())
    return Error{file + ": the name of a picture ends in its kind: .svg or .png"};
  auto text = styled(xml, roles_of(plan, idle));
  if (!text)
    return text.error();
  Workshop workshop(target);
  if (workshop.error())
    return system_error(file, workshop.error());
  const std::filesystem::path input = workshop / "host.xml";
  const std::filesystem::path output = workshop / ("picture" + target.extension().native());
  if (auto result = write_file(input, *text); !result)
    return result.error();
  std::vector<std::string> command = {"lstopo",       "--if",    "xml",       "--input",
                                      input.native(), "--no-io", "--physical"};
  for (const std::string &argument : legend(plan, idle))
    command.push_back(argument);
  /* lstopo's own SVG, where it has another: its text is text. */
  if (target.extension() == ".svg")
    command.insert(command.end(), {"--output-format", "nativesvg"});
  command.push_back(output.native());
  auto status = run(command);
  if (!status)
    return status.error();
  if (*status == 127)
    return Error{"lstopo, which draws the picture, is not installed (Debian's package hwloc)"};
  std::error_code error;
  if (*status != 0 || !std::filesystem::exists(output, error))
    return Error{fmt::format("lstopo could not draw {} (status {})", file, *status)};
  std::filesystem::rename(output, target, error);
  if (error)
    return Error{file + ": " + error.message()};
  return {};
}

} // namespace qemu_pin
