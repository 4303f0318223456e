/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/guest_work.h"

#include "harness/guest.h"
#include "harness/memory_file.h"
#include "work.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <span>
#include <thread>

using namespace std::chrono_literals;
using qemu_pin::Error;
using qemu_pin::Result;
using std::chrono::steady_clock;

namespace {

constexpr auto look_every = 1ms;

std::size_t count_set(std::span<WorkAnswer> vcpus, std::uint64_t WorkAnswer::*flag) {
  return static_cast<std::size_t>(std::ranges::count_if(vcpus, [&](WorkAnswer &answer) {
    return std::atomic_ref(answer.*flag).load(std::memory_order_acquire) != 0;
  }));
}

/* When that many vCPUs had set their flag, or nothing if they do not in time. */
std::optional<steady_clock::time_point> when_set(Guest &guest, std::span<WorkAnswer> vcpus,
                                                 std::uint64_t WorkAnswer::*flag,
                                                 std::size_t count) {
  const auto deadline = steady_clock::now() + patience;
  while (count_set(vcpus, flag) < count) {
    if (steady_clock::now() >= deadline || !guest.running())
      return std::nullopt;
    std::this_thread::sleep_for(look_every);
  }
  return steady_clock::now();
}

double seconds(steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

} // namespace

Result<WorkTimes> run_work(const WorkSpec &spec) {
  auto ram = MemoryFile::make("guest-ram", PAYLOAD_RAM_MIB << 20);
  if (!ram)
    return ram.error();
  auto *mailbox = ram->at<WorkMailbox>(PAYLOAD_MAILBOX);
  const std::span vcpus(mailbox->vcpus, spec.vcpus);
  mailbox->rounds = spec.rounds;

  GuestSpec guest_spec{spec.qemu, spec.accelerator, spec.image, std::to_string(spec.vcpus)};
  guest_spec.more = as_guest_ram(*ram);
  guest_spec.more.insert(guest_spec.more.end(), spec.more.begin(), spec.more.end());
  guest_spec.affinity = spec.affinity;
  auto guest = Guest::start(guest_spec);
  if (!guest)
    return guest.error();
  if (!when_set(*guest, vcpus, &WorkAnswer::ready, vcpus.size()))
    return Error{"not all vCPUs of the guest came to life: " + guest->errors()};

  const auto start = steady_clock::now();
  std::atomic_ref(mailbox->go).store(1, std::memory_order_release);
  const auto first = when_set(*guest, vcpus, &WorkAnswer::done, 1);
  const auto last = when_set(*guest, vcpus, &WorkAnswer::done, vcpus.size());
  if (!first || !last)
    return Error{"the guest did not get done: " + guest->errors()};
  WorkTimes times{seconds(*first - start), seconds(*last - start), {}};
  for (const WorkAnswer &answer : vcpus)
    times.results.push_back(answer.result);
  return times;
}

std::vector<std::uint64_t> expected_results(unsigned vcpus, std::uint64_t rounds) {
  std::vector<std::uint64_t> results;
  for (unsigned vcpu = 0; vcpu < vcpus; ++vcpu) {
    std::vector<std::uint64_t> memory(WORK_MEMORY / sizeof(std::uint64_t));
    results.push_back(mixed_work(memory.data(), rounds, vcpu));
  }
  return results;
}
