/*
 * What the tests of qemu-pin run start, and look for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_MACHINE_RUN_TEST_H
#define TESTS_MACHINE_RUN_TEST_H

#include "base/json.h"
#include "harness/census.h"
#include "kernel/procfs.h"
#include "qemu_pin_program.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

inline const Lines none;

/* What qemu-pin leaves behind becomes our child, for left_behind() to see. */
class Orphans {
public:
  Orphans() { prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~Orphans() {
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    for (pid_t child : children())
      kill(child, SIGKILL);
    while (waitpid(-1, nullptr, 0) > 0)
      ;
  }
  Orphans(const Orphans &) = delete;
  Orphans &operator=(const Orphans &) = delete;

  /* Whether any is still there after all that is done to end it. */
  static bool left_behind() {
    return !comes_true([] {
      pid_t ended = 0;
      while ((ended = waitpid(-1, nullptr, WNOHANG)) > 0)
        ;
      return ended < 0 && errno == ECHILD;
    });
  }

private:
  static std::vector<pid_t> children() {
    std::vector<pid_t> found;
    std::stringstream ids(read_text("/proc/thread-self/children"));
    for (pid_t id = 0; ids >> id;)
      found.push_back(id);
    return found;
  }
};

class RunTest : public MachineTest {
protected:
  /* As Guest starts it, but by qemu-pin. */
  GuestSpec by_run(const Lines &more, const Lines &options = {}) const {
    GuestSpec spec = MachineTest::spec(more);
    spec.prefix = {QEMU_PIN, "run"};
    spec.prefix.insert(spec.prefix.end(), options.begin(), options.end());
    spec.prefix.emplace_back("--");
    return spec;
  }

  /* The whole command line; QEMU's files are in our folder. */
  Lines line(const Lines &more, const Lines &options = {}) const {
    return command_line(by_run(more, options), files->path());
  }

  Child start_line(const Lines &argv) {
    auto child = Child::start({argv, files->file("output"), files->file("errors")});
    EXPECT_TRUE(child) << child.error().message;
    return std::move(*child);
  }

  std::string file_text(const std::string &name) const { return read_text(files->file(name)); }

  /* vCPU 0 on b, vCPU 1 on a. */
  Lines vcpus() const { return {"-vcpu", "0,affinity=" + b, "-vcpu", "1,affinity=" + a}; }

  Lines everything() const {
    Lines all = vcpus();
    for (const std::string &word :
         {std::string("-name"), std::string("debug-threads=on"), std::string("-object"),
          std::string("iothread,id=io0"), std::string("-object"), std::string("iothread,id=io1"),
          std::string("-iothreadpin"), "io0,affinity=" + b, std::string("-emulatorpin"),
          "affinity=" + a})
      all.push_back(word);
    return all;
  }
  Asked everything_asked() const {
    return {{{0, {b}}, {1, {a}}}, {a}, {{"io0", {b}}, {"io1", {a}}}};
  }

  static pid_t qemu_of(qemu_pin::Qmp &monitor) {
    auto threads = vcpu_threads(monitor);
    if (!threads || threads->empty())
      return -1;
    auto process = qemu_pin::Procfs().process_of(threads->begin()->second);
    return process && *process ? **process : -1;
  }

  /* Looked for until there are none: some threads are moved once they are noticed. */
  static Lines lasting(qemu_pin::Qmp &monitor, const Asked &asked) {
    Lines found;
    std::this_thread::sleep_for(20ms);
    comes_true([&] {
      found = differences(qemu_of(monitor), monitor, asked);
      return found == none;
    });
    return found;
  }

  /* What QEMU says of the monitor that qemu-pin gave it, once our end is closed; nothing if it
   * has none. */
  static std::string left_of_private_monitor(qemu_pin::Qmp &monitor) {
    std::string said;
    comes_true([&] {
      said.clear();
      auto chardevs = monitor.execute("query-chardev");
      for (const auto &chardev : chardevs ? *chardevs : nlohmann::json::array())
        if (chardev["label"] == "qemu-pin")
          said = chardev["filename"].get<std::string>();
      return said.empty() || said.starts_with("disconnected");
    });
    return said;
  }

  static std::string status(qemu_pin::Qmp &monitor) {
    auto answer = monitor.execute("query-status");
    return answer ? (*answer)["status"].get<std::string>() : answer.error().message;
  }

  bool wait_reported(std::size_t vcpus) const {
    return comes_true([&] { return file_text("debug").size() >= vcpus; });
  }

  static bool is_gone(pid_t process) {
    return comes_true([=] { return kill(process, 0) != 0; });
  }

  /* A program that poses as a QEMU. */
  std::string stand_in(const std::string &script) const {
    const std::string path = files->file("qemu-system-x86_64");
    write_text(path, "#!/bin/sh\n" + script);
    chmod(path.c_str(), 0700);
    return path;
  }

  void expect_refused(const Lines &more, const std::string &error) {
    const Ended ended = run_program(line(more));
    EXPECT_EQ(ended.status, 2);
    /* QEMU may have warned of the host. */
    EXPECT_TRUE(ended.errors.ends_with("qemu-pin: " + error + "\n")) << ended.errors;
    EXPECT_EQ(ended.errors.find("qemu-pin"), ended.errors.rfind("qemu-pin")) << ended.errors;
    EXPECT_EQ(file_text("debug"), "");
    EXPECT_FALSE(std::filesystem::exists(files->file("qmp")));
  }
};

#endif
