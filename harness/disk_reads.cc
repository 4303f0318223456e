/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/disk_reads.h"

#include "disk.h"
#include "harness/guest.h"
#include "harness/memory_file.h"

#include <atomic>
#include <cstdint>
#include <span>
#include <thread>
#include <x86intrin.h>

using namespace std::chrono_literals;
using qemu_pin::Error;
using qemu_pin::Result;
using std::chrono::steady_clock;

namespace {

constexpr auto look_every = 1ms;
constexpr std::uint64_t seed = 20260101;

/* The host's time stamp counter, and with it the guest's: KVM and TCG let it run at the same
 * rate. */
class TickRate {
public:
  /* Since this was made; the longer, the better. */
  double ticks_per_us() const {
    const std::chrono::duration<double, std::micro> passed = steady_clock::now() - time_;
    return static_cast<double>(__rdtsc() - ticks_) / passed.count();
  }

private:
  steady_clock::time_point time_ = steady_clock::now();
  std::uint64_t ticks_ = __rdtsc();
};

std::uint64_t state_of(DiskMailbox &mailbox) {
  return std::atomic_ref(mailbox.state).load(std::memory_order_acquire);
}

/* False when it still is after a while, or QEMU has ended. */
bool wait_while(Guest &guest, DiskMailbox &mailbox, std::uint64_t state,
                std::chrono::milliseconds time) {
  const auto deadline = steady_clock::now() + time;
  while (state_of(mailbox) == state) {
    if (steady_clock::now() >= deadline || !guest.running())
      return false;
    std::this_thread::sleep_for(look_every);
  }
  return true;
}

Error what_went_wrong(DiskMailbox &mailbox, const std::string &qemu_says) {
  const std::string block = "block " + std::to_string(mailbox.wrong_block);
  switch (state_of(mailbox)) {
  case DISK_NO_DEVICE:
    return Error{"the guest finds no disk that it can drive"};
  case DISK_READ_FAILED:
    return Error{block + ": reading it failed with status " + std::to_string(mailbox.wrong_word)};
  case DISK_WRONG_WORD:
    return Error{block + ": word " + std::to_string(mailbox.wrong_word) +
                 " is wrong: " + std::to_string(mailbox.found)};
  default:
    return Error{"the guest does not go on: " + qemu_says};
  }
}

} // namespace

Result<DiskReads> read_disk(const KnownDisk &disk, const DiskReadsSpec &spec) {
  auto ram = MemoryFile::make("guest-ram", PAYLOAD_RAM_MIB << 20);
  if (!ram)
    return ram.error();
  auto &mailbox = *ram->at<DiskMailbox>(PAYLOAD_MAILBOX);
  mailbox.depth = spec.depth;
  mailbox.seed = seed;

  GuestSpec guest_spec{spec.qemu, spec.accelerator, spec.image, "1"};
  for (const auto &options : {as_guest_ram(*ram), disk.as_virtio_disk(), spec.more})
    guest_spec.more.insert(guest_spec.more.end(), options.begin(), options.end());
  guest_spec.affinity = spec.affinity;
  const TickRate rate;
  auto guest = Guest::start(guest_spec);
  if (!guest)
    return guest.error();

  if (wait_while(*guest, mailbox, DISK_STARTING, patience))
    wait_while(*guest, mailbox, DISK_READING, spec.for_time);
  std::atomic_ref(mailbox.stop).store(1, std::memory_order_relaxed);
  wait_while(*guest, mailbox, DISK_READING, patience);
  if (state_of(mailbox) != DISK_ENDED || mailbox.reads == 0 || mailbox.reads > DISK_MAX_READS)
    return what_went_wrong(mailbox, guest->errors());

  const double per_us = rate.ticks_per_us();
  DiskReads reads{{}, static_cast<double>(mailbox.ended - mailbox.began) / per_us / 1e6};
  for (const std::uint32_t ticks : std::span(ram->at<std::uint32_t>(DISK_LATENCIES), mailbox.reads))
    reads.latencies.push_back(ticks / per_us);
  return reads;
}
