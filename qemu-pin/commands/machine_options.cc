/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/machine_options.h"

#include "base/number.h"
#include "base/printable.h"

#include <fmt/format.h>

namespace qemu_pin {

using namespace std::chrono_literals;

namespace {

constexpr auto patience = 5s; /* with a monitor that the user names */

std::unique_ptr<Machine> without_monitor(QemuProcess process) {
  return std::make_unique<Machine>(std::move(process), std::nullopt);
}

Result<std::unique_ptr<Machine>> open_by_monitor(const Host &host, const MachineOptions &options) {
  auto monitor = Qmp::connect(options.qmp, patience);
  if (!monitor)
    return monitor.error();
  auto vcpus = vcpu_threads(*monitor);
  if (!vcpus)
    return vcpus.error();
  if (vcpus->empty())
    return Error{options.qmp + ": this machine has no vCPU"};
  auto id = host.procfs().process_of(vcpus->begin()->second);
  if (!id)
    return id.error();
  if (!*id)
    return Error{options.qmp + ": its threads are not to be seen from here"};
  if (options.process && options.process != **id)
    return Error{fmt::format("{} is the monitor of process {}, not of {}", options.qmp, **id,
                             options.process)};
  auto process = QemuProcess::open(host, **id);
  if (!process)
    return process.error();
  return std::make_unique<Machine>(std::move(*process), std::move(*monitor));
}

Result<std::unique_ptr<Machine>> open_only(const Host &host, const MachineOptions &options) {
  auto processes = qemu_processes(host);
  if (!processes)
    return processes.error();
  const std::string what =
      options.name.empty() ? "QEMU" : "guest '" + printable(options.name) + "'";
  std::vector<std::string> found;
  std::optional<QemuProcess> meant;
  for (QemuProcess &process : *processes)
    if (options.name.empty() || process.guest_name() == options.name) {
      found.push_back(process.text());
      meant = std::move(process);
    }
  if (found.empty())
    return Error{options.name.empty() ? "no QEMU runs here" : "there is no " + what};
  if (found.size() > 1)
    return Error{
        fmt::format("which {}? There are {}: {}", what, found.size(), fmt::join(found, ", "))};
  return without_monitor(std::move(*meant));
}

} // namespace

void add_machine_options(const Command &subcommand, MachineOptions &options, bool with_process,
                         bool with_all) {
  const std::string group = "Which machine";
  if (with_process)
    subcommand.add_option("PID", options.process, "QEMU's process; default: the only one")
        .type_name("")
        .positive()
        .group(group);
  subcommand.add_option("--qmp", options.qmp, "By its monitor, a unix socket")
      .type_name("SOCKET")
      .group(group);
  const Option name = subcommand.add_option("--name", options.name, "By its guest's name (-name)")
                          .type_name("GUEST")
                          .group(group)
                          .excludes("--qmp");
  if (with_process)
    name.excludes("PID");
  if (with_all)
    subcommand.add_flag("--all", options.all, "All that run")
        .group(group)
        .excludes("PID")
        .excludes("--qmp")
        .excludes("--name");
}

Result<> take_process(std::vector<std::string> &arguments, MachineOptions &options) {
  const auto process = arguments.empty() ? std::nullopt : number<pid_t>(arguments[0]);
  if (!process)
    return {};
  if (!options.name.empty())
    return Error{"--name excludes PID"};
  arguments.erase(arguments.begin());
  options.process = *process;
  return {};
}

Result<std::unique_ptr<Machine>> open_machine(const Host &host, const MachineOptions &options) {
  if (!options.qmp.empty())
    return open_by_monitor(host, options);
  if (!options.process)
    return open_only(host, options);
  auto process = QemuProcess::open(host, options.process);
  if (!process)
    return process.error();
  return without_monitor(std::move(*process));
}

Result<std::vector<std::unique_ptr<Machine>>> open_machines(const Host &host,
                                                            const MachineOptions &options) {
  std::vector<std::unique_ptr<Machine>> machines;
  if (!options.all) {
    auto machine = open_machine(host, options);
    if (!machine)
      return machine.error();
    machines.push_back(std::move(*machine));
    return machines;
  }
  auto processes = qemu_processes(host);
  if (!processes)
    return processes.error();
  for (QemuProcess &process : *processes)
    machines.push_back(without_monitor(std::move(process)));
  return machines;
}

} // namespace qemu_pin
