/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process.h"

#include "affinity.h"
#include "cpu_list.h"
#include "message.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace vcpupin {
namespace {

const std::filesystem::path tasks = "/proc/self/task";

Result<std::vector<int>> thread_ids() {
  std::vector<int> ids;
  std::error_code error;
  std::filesystem::directory_iterator entry(tasks, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (const auto id = parse_number(entry->path().filename().native()))
      ids.push_back(static_cast<int>(*id));
  }
  if (error)
    return Error{"cannot read " + tasks.native() + ": " + errno_words(error.value())};
  return ids;
}

bool is_gone(int thread) {
  std::error_code error;
  return !std::filesystem::exists(tasks / std::to_string(thread), error);
}

/* For a message: "thread 123 (call_rcu)". */
std::string name_thread(int thread) {
  std::string comm;
  std::ifstream file(tasks / std::to_string(thread) / "comm");
  std::getline(file, comm);
  return "thread " + std::to_string(thread) + " (" + escaped(comm) + ")";
}

bool holds(std::span<const int> threads, int thread) {
  return std::find(threads.begin(), threads.end(), thread) != threads.end();
}

/* Puts back what was changed, as far as that goes: the error is told already. */
void put_back(const std::map<int, Pin> &former) {
  for (const auto &[thread, pin] : former)
    static_cast<void>(apply_pin(thread, pin));
}

bool is_stray(const Pin &found, const Pin &emulator, std::span<const Pin> pinned) {
  return std::any_of(pinned.begin(), pinned.end(), [&](const Pin &pin) {
    const bool mask = found.cpus == pin.cpus && pin.cpus != emulator.cpus;
    const bool sched =
        pin.sched.real_time() && found.sched == pin.sched && !(pin.sched == emulator.sched);
    return mask || sched;
  });
}

} // namespace

Result<> apply_all(const CpuSet &cpus, const std::optional<Sched> &sched,
                   std::span<const int> except) {
  std::map<int, Pin> former;
  /* Until a look finds none that is new: whoever was pinned has pinned children. */
  std::size_t known = 0;
  do {
    known = former.size();
    Result<std::vector<int>> threads = thread_ids();
    if (!threads)
      return threads.error();
    for (const int thread : *threads) {
      if (holds(except, thread) || former.contains(thread))
        continue;
      Result<Pin> pin = read_pin(thread);
      const Result<> pinned =
          pin ? apply_pin(thread, {cpus, sched.value_or(pin->sched)}) : Result<>(pin.error());
      if (!pinned && is_gone(thread))
        continue;
      if (!pinned) {
        put_back(former);
        return Error{name_thread(thread) + ": " + pinned.error().message};
      }
      former.emplace(thread, std::move(*pin));
    }
  } while (former.size() != known);
  return {};
}

Result<std::size_t> collect_strays(const Pin &emulator, std::span<const int> pinned) {
  std::vector<Pin> pins;
  for (const int thread : pinned) {
    if (Result<Pin> pin = read_pin(thread))
      pins.push_back(std::move(*pin));
  }
  Result<std::vector<int>> threads = thread_ids();
  if (!threads)
    return threads.error();
  std::size_t moved = 0;
  for (const int thread : *threads) {
    if (holds(pinned, thread))
      continue;
    Result<Pin> found = read_pin(thread);
    if (!found || !is_stray(*found, emulator, pins))
      continue;
    if (auto result = apply_pin(thread, emulator); !result) {
      if (is_gone(thread))
        continue;
      return Error{name_thread(thread) +
                   " inherited the pin of another: " + result.error().message};
    }
    ++moved;
  }
  return moved;
}

} // namespace vcpupin
