/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "small_guest.h"

#include "harness/guest.h"
#include "interruption.h"
#include "kernel/thread_pin.h"

#include <csignal>
#include <cstdio>
#include <fmt/core.h>

using namespace std::chrono_literals;
using qemu_pin::Error;
using qemu_pin::Procfs;
using qemu_pin::Result;

namespace bench {

std::vector<std::string> command_line(const SmallGuest &guest, const LifeSigns &signs) {
  std::vector<std::string> line = guest.prefix;
  const std::vector<std::string> own = {guest.qemu,
                                        "-name",
                                        "bench,debug-threads=on",
                                        "-nodefaults",
                                        "-no-user-config",
                                        "-display",
                                        "none",
                                        "-accel",
                                        "kvm",
                                        "-smp",
                                        std::to_string(guest.vcpus),
                                        "-m",
                                        "16",
                                        "-bios",
                                        guest.image};
  const std::vector<std::string> watched = signs.options();
  line.insert(line.end(), own.begin(), own.end());
  line.insert(line.end(), watched.begin(), watched.end());
  line.insert(line.end(), guest.more.begin(), guest.more.end());
  return line;
}

Result<StartedGuest> StartedGuest::start(const SmallGuest &guest,
                                         const std::function<Result<>()> &just_before) {
  auto signs = LifeSigns::listen();
  if (!signs)
    return signs.error();
  const Command command{command_line(guest, *signs), "", signs->folder().file("errors")};
  if (auto result = just_before(); !result)
    return result.error();
  auto program = Child::start(command);
  if (!program)
    return program.error();
  return StartedGuest(std::move(*signs), std::move(*program));
}

Result<> StartedGuest::wait_greeting() {
  auto greeted = signs_.wait_greeting([this] { return has_ended(); });
  return greeted ? greeted : explained(greeted.error());
}

Result<> StartedGuest::wait_guest() {
  auto seen = signs_.wait_guest([this] { return has_ended(); });
  return seen ? seen : explained(seen.error());
}

Error StartedGuest::explained(const Error &error) const {
  return Error{error.message + " " + read_text(signs_.folder().file("errors"))};
}

void StartedGuest::end() {
  program_.signal(SIGTERM);
  program_.wait(5s);
}

Result<std::vector<unsigned>> one_cpu_each(unsigned vcpus) {
  auto usable = usable_cpus();
  if (!usable)
    return usable.error();
  std::vector<unsigned> cpus;
  for (unsigned vcpu = 0; vcpu < vcpus; ++vcpu)
    cpus.push_back((*usable)[usable->size() - 1 - vcpu % usable->size()]);
  return cpus;
}

std::vector<std::string> pin_options(const std::vector<unsigned> &cpus) {
  std::vector<std::string> options;
  for (std::size_t vcpu = 0; vcpu < cpus.size(); ++vcpu) {
    options.emplace_back("-vcpu");
    options.push_back(fmt::format("{},affinity={}", vcpu, cpus[vcpu]));
  }
  return options;
}

Result<std::map<unsigned, pid_t>> vcpu_threads(pid_t process, LifeSigns &signs) {
  const Procfs procfs;
  auto ids = procfs.thread_ids(process);
  if (!ids)
    return ids.error();
  std::map<unsigned, pid_t> threads;
  for (const pid_t id : *ids) {
    auto stat = procfs.stat(process, id);
    unsigned vcpu = 0;
    if (stat && *stat && sscanf((*stat)->name.c_str(), "CPU %u/", &vcpu) == 1)
      threads[vcpu] = id;
    signs.glance(0us);
  }
  return threads;
}

bool are_pinned(const std::map<unsigned, pid_t> &threads, const std::vector<unsigned> &cpus) {
  for (unsigned vcpu = 0; vcpu < cpus.size(); ++vcpu) {
    const auto thread = threads.find(vcpu);
    if (thread == threads.end())
      return false;
    if (qemu_pin::allowed_cpus(thread->second) != qemu_pin::CpuSet{cpus[vcpu]})
      return false;
  }
  return true;
}

Result<Clock::time_point> wait_pinned(LifeSigns &signs, const std::vector<unsigned> &cpus) {
  const pid_t process = signs.process();
  const auto deadline = Clock::now() + 10s;
  std::map<unsigned, pid_t> threads;
  for (;;) {
    /* A name may come later than its thread. */
    if (threads.size() < cpus.size()) {
      auto found = vcpu_threads(process, signs);
      if (!found)
        return found.error();
      threads = *found;
    }
    if (are_pinned(threads, cpus))
      return Clock::now();
    if (interrupted())
      return Error{"interrupted"};
    if (Clock::now() >= deadline)
      return Error{fmt::format("process {}: its vCPUs are not pinned as asked", process)};
    signs.glance(500us);
  }
}

} // namespace bench
