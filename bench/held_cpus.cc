/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "held_cpus.h"

#include "base/fd.h"
#include "harness/temp_dir.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sched.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using qemu_pin::Error;
using qemu_pin::Fd;
using qemu_pin::Result;

namespace bench {

namespace {

/* Undoing takes some milliseconds, and longer on a busy CPU. */
constexpr auto keeper_patience = std::chrono::seconds(60);

const std::string root = "/sys/fs/cgroup/cpuset";
const std::string host_group = root + "/bench-host";
const std::string held_group = root + "/bench-guest";

/* 0, or errno. One write, as a shell's echo: the kernel takes a value in one piece. */
int write_file(const std::string &path, const std::string &text) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file)
    return errno;
  return write(file.number(), text.data(), text.size()) < 0 ? errno : 0;
}

std::vector<pid_t> threads_in(const std::string &group) {
  std::istringstream lines(read_text(group + "/tasks"));
  std::vector<pid_t> threads;
  for (pid_t thread = 0; lines >> thread;)
    threads.push_back(thread);
  return threads;
}

/* Whatever the kernel lets go, until no more of it comes: what is moved may fork. */
void move_threads(const std::string &from, const std::string &to) {
  constexpr int most_passes = 20;
  for (int pass = 0; pass < most_passes; ++pass) {
    const std::vector<pid_t> threads = threads_in(from);
    const auto moved = std::count_if(threads.begin(), threads.end(), [&](pid_t thread) {
      return write_file(to + "/tasks", std::to_string(thread)) == 0;
    });
    if (moved == 0)
      return;
  }
}

/* Empties and removes it, if it is there; a process that was just reaped may still be leaving. */
void remove_group(const std::string &group) {
  for (int tries = 0; tries < 100; ++tries) {
    if (rmdir(group.c_str()) == 0 || errno != EBUSY)
      return;
    move_threads(group, root);
    if (tries > 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

/* Files of this name in the folders of a folder. */
std::vector<std::string> files_below(const std::string &folder, const std::string &name) {
  std::vector<std::string> files;
  std::error_code ignored;
  for (const auto &entry : std::filesystem::directory_iterator(folder, ignored))
    if (const std::string file = entry.path().string() + "/" + name;
        std::filesystem::exists(file, ignored))
      files.push_back(file);
  return files;
}

/* The changes, and what was before: of the keeper. */
class Changes {
public:
  Result<> make(const std::vector<unsigned> &guest, const std::vector<unsigned> &rest,
                pid_t client) {
    std::vector<unsigned> both = rest;
    both.insert(both.end(), guest.begin(), guest.end());
    if (auto result = make_group(host_group, list_text(rest)); !result)
      return result.error();
    if (auto result = make_group(held_group, list_text(both)); !result)
      return result.error();
    if (auto result = move_everything(client); !result)
      return result.error();
    set("/proc/irq/default_smp_affinity", mask_text(rest));
    for (const std::string &file : files_below("/proc/irq", "smp_affinity_list"))
      set(file, list_text(rest));
    set("/sys/devices/virtual/workqueue/cpumask", mask_text(rest));
    for (const std::string &file : files_below("/sys/devices/virtual/workqueue", "cpumask"))
      set(file, mask_text(rest));
    return {};
  }

  void undo() {
    for (auto setting = settings_.rbegin(); setting != settings_.rend(); ++setting)
      write_file(setting->file, setting->former);
    for (const std::string &group : groups_)
      remove_group(group);
    /* Leaving a cpuset gives a thread all that its new one has. */
    for (const Mask &mask : masks_)
      if (cpu_set_t now;
          sched_getaffinity(mask.thread, sizeof now, &now) == 0 && !CPU_EQUAL(&now, &mask.cpus))
        sched_setaffinity(mask.thread, sizeof mask.cpus, &mask.cpus);
  }

private:
  struct Setting {
    std::string file, former;
  };
  struct Mask {
    pid_t thread;
    cpu_set_t cpus;
  };

  Result<> make_group(const std::string &group, const std::string &cpus) {
    if (mkdir(group.c_str(), 0755) != 0)
      return qemu_pin::system_error(group, errno);
    groups_.push_back(group);
    if (const int number = write_file(group + "/cpuset.mems", read_text(root + "/cpuset.mems")))
      return qemu_pin::system_error(group + "/cpuset.mems", number);
    if (const int number = write_file(group + "/cpuset.cpus", cpus))
      return qemu_pin::system_error(group + "/cpuset.cpus", number);
    return {};
  }

  void set(const std::string &file, const std::string &value) {
    std::string former = read_text(file);
    /* Some interrupts stay where the kernel has put them. */
    if (write_file(file, value) == 0)
      settings_.push_back({file, std::move(former)});
  }

  Result<> move_everything(pid_t client) {
    for (const pid_t thread : threads_in(root))
      if (Mask mask = {thread, {}}; sched_getaffinity(thread, sizeof mask.cpus, &mask.cpus) == 0)
        masks_.push_back(mask);
    move_threads(root, host_group);
    const std::vector<pid_t> moved = threads_in(host_group);
    if (std::find(moved.begin(), moved.end(), client) == moved.end())
      return Error{host_group + ": we could not be moved there"};
    return {};
  }

  std::vector<std::string> groups_;
  std::vector<Setting> settings_; /* in the order in which they were changed */
  std::vector<Mask> masks_;       /* of the threads that were there to be moved */
};

constexpr char success = '\n'; /* ends a report; before it, what failed */

/* Until nobody holds the other end of lifeline, whatever becomes of our parent. */
[[noreturn]] void keep(const Fd &lifeline, Fd report, const std::vector<unsigned> &guest,
                       const std::vector<unsigned> &rest, pid_t client) {
  setsid(); /* who ends the client's group does not mean us */
  prctl(PR_SET_NAME, "bench-keeper");
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})
    signal(number, SIG_IGN);
  Changes changes;
  const auto made = changes.make(guest, rest, client);
  const std::string text = made ? std::string(1, success) : made.error().message;
  if (write(report.number(), text.data(), text.size()) > 0 && made) {
    report = Fd();
    char none = 0;
    while (read(lifeline.number(), &none, 1) < 0 && errno == EINTR)
      ;
  }
  changes.undo();
  _exit(0);
}

std::string read_all(const Fd &file) {
  std::string text;
  std::array<char, 512> part{};
  for (;;) {
    const ssize_t length = read(file.number(), part.data(), part.size());
    if (length < 0 && errno == EINTR)
      continue;
    if (length <= 0)
      return text;
    text.append(part.data(), static_cast<std::size_t>(length));
  }
}

} // namespace

std::string list_text(const std::vector<unsigned> &cpus) {
  std::string text;
  for (const unsigned cpu : cpus)
    text.append(text.empty() ? "" : ",").append(std::to_string(cpu));
  return text;
}

/* 32 CPUs a word, the highest first. */
std::string mask_text(const std::vector<unsigned> &cpus) {
  std::vector<unsigned> words(1 + *std::max_element(cpus.begin(), cpus.end()) / 32);
  for (const unsigned cpu : cpus)
    words[words.size() - 1 - cpu / 32] |= 1U << cpu % 32;
  std::string text = fmt::format("{:x}", words.front());
  for (std::size_t i = 1; i < words.size(); ++i)
    text += fmt::format(",{:08x}", words[i]);
  return text;
}

std::optional<std::string> HeldCpus::why_not() {
  if (geteuid() != 0)
    return "it changes the host, and we are not root";
  if (access((root + "/cpuset.cpus").c_str(), W_OK) != 0)
    return "the cpusets of cgroup version 1 are not at " + root;
  /* Groups without members keep nobody on a CPU: libvirt leaves one. */
  std::error_code ignored;
  for (auto entry = std::filesystem::recursive_directory_iterator(root, ignored);
       entry != std::filesystem::recursive_directory_iterator(); entry.increment(ignored))
    if (entry.depth() > 0 && entry->path().filename() == "tasks" &&
        !read_text(entry->path()).empty())
      return "there are cpusets with processes already: " + entry->path().parent_path().string();
  return std::nullopt;
}

Result<HeldCpus> HeldCpus::hold(const std::vector<unsigned> &guest,
                                const std::vector<unsigned> &rest) {
  std::array<int, 2> life{}, report{};
  if (pipe2(life.data(), O_CLOEXEC) != 0)
    return qemu_pin::system_error("pipe", errno);
  Fd life_read(life[0]), life_write(life[1]);
  if (pipe2(report.data(), O_CLOEXEC) != 0)
    return qemu_pin::system_error("pipe", errno);
  Fd report_read(report[0]), report_write(report[1]);
  const pid_t client = getpid();
  const pid_t keeper = fork();
  if (keeper < 0)
    return qemu_pin::system_error("fork", errno);
  if (keeper == 0) {
    life_write = Fd();
    keep(life_read, std::move(report_write), guest, rest, client);
  }
  HeldCpus held(std::move(life_write), Child::adopt(keeper));
  report_write = Fd();
  if (const std::string told = read_all(report_read); told != std::string(1, success))
    return Error{told.empty() ? "the keeper of the CPUs has ended" : told};
  return held;
}

HeldCpus::~HeldCpus() {
  if (!lifeline_)
    return;
  lifeline_ = Fd();
  keeper_.wait(keeper_patience);
}

std::string HeldCpus::guest_group() {
  return held_group;
}

} // namespace bench
