/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/census.h"

#include "base/json.h"
#include "kernel/procfs.h"

using qemu_pin::Procfs;
using qemu_pin::Qmp;

namespace {

/* A thread's role, and what that role should have. */
struct Member {
  std::string role;
  Given asked;
};

std::string describe(const Given &given) {
  return given.cpus + " " + given.sched;
}

/* Nothing if the thread is gone. */
std::optional<Given> given_to(pid_t qemu, pid_t thread) {
  auto cpus = Procfs().allowed_cpus(qemu, thread);
  auto stat = Procfs().stat(qemu, thread);
  if (!cpus || !*cpus || !stat || !*stat)
    return std::nullopt;
  std::string sched = vcpupin_policy_name(static_cast<int>((*stat)->policy));
  if ((*stat)->rt_priority != 0)
    sched += " " + std::to_string((*stat)->rt_priority);
  return Given{(*cpus)->list, sched};
}

std::string name_of(pid_t qemu, pid_t thread) {
  auto stat = Procfs().stat(qemu, thread);
  return stat && *stat ? (*stat)->name : "gone";
}

} // namespace

std::vector<std::string> thread_names(pid_t qemu) {
  std::vector<std::string> names;
  if (auto threads = Procfs().thread_ids(qemu)) {
    for (pid_t thread : *threads)
      names.push_back(name_of(qemu, thread));
  }
  return names;
}

std::vector<std::string> differences(pid_t qemu, Qmp &monitor, const Asked &asked) {
  std::vector<std::string> lines;
  std::map<pid_t, Member> members;
  auto vcpus = vcpu_threads(monitor);
  auto iothreads = monitor.execute("query-iothreads");
  if (!vcpus || !iothreads)
    return {"QEMU does not answer"};
  for (const auto &[vcpu, thread] : *vcpus) {
    const std::string role = "vCPU " + std::to_string(vcpu);
    const auto found = asked.vcpus.find(vcpu);
    if (found == asked.vcpus.end())
      lines.push_back(role + " exists");
    else
      members[thread] = {role, found->second};
  }
  for (const auto &[vcpu, given] : asked.vcpus) {
    if (!vcpus->contains(vcpu))
      lines.push_back("vCPU " + std::to_string(vcpu) + " is missing");
  }
  for (const auto &[id, given] : asked.iothreads) {
    pid_t thread = 0;
    for (const auto &iothread : *iothreads) {
      if (iothread["id"] == id)
        thread = iothread["thread-id"].get<pid_t>();
    }
    if (thread == 0)
      lines.push_back("iothread " + id + " is missing");
    else
      members[thread] = {"iothread " + id, given};
  }

  auto threads = Procfs().thread_ids(qemu);
  if (!threads || threads->empty())
    return {"QEMU has ended"};
  for (pid_t thread : *threads) {
    const auto found = members.find(thread);
    const Member member =
        found != members.end() ? found->second : Member{"emulator", asked.emulator};
    const std::optional<Given> given = given_to(qemu, thread);
    if (given && *given != member.asked)
      lines.push_back(name_of(qemu, thread) + " (" + member.role + "): has " + describe(*given) +
                      ", asked " + describe(member.asked));
  }
  return lines;
}

std::vector<std::string> differences(Guest &guest, const Asked &asked) {
  return differences(guest.pid(), guest.monitor(), asked);
}

std::vector<std::string> lasting_differences(Guest &guest, const Asked &asked) {
  std::vector<std::string> lines;
  comes_true([&] {
    lines = differences(guest, asked);
    return lines.empty();
  });
  return lines;
}
