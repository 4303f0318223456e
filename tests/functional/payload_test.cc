/*
 * The guests that benchmarks ask for work and for reads of a disk: what they answer is right,
 * and what is wrong is noticed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "harness/disk_reads.h"
#include "harness/guest_work.h"
#include "harness/known_disk.h"
#include "kernel/procfs.h"
#include "pinning_test.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <thread>

using namespace std::chrono_literals;

namespace {

class GuestPayload : public PinningTest {
protected:
  WorkSpec work(unsigned vcpus, std::uint64_t rounds) const {
    return {GetParam().qemu, GetParam().accelerator, WORK_IMAGE, vcpus, rounds};
  }
  DiskReadsSpec reads(unsigned depth) const {
    return {GetParam().qemu, GetParam().accelerator, DISK_IMAGE, depth, 200ms};
  }
};

} // namespace

TEST_P(GuestPayload, EveryVcpuWorksOutWhatTheHostDoes) {
  constexpr std::uint64_t rounds = 100'000;
  auto times = run_work(work(3, rounds));
  ASSERT_TRUE(times) << times.error().message;
  EXPECT_EQ(times->results, expected_results(3, rounds));
  EXPECT_NE(times->results, expected_results(3, rounds - 1));
  EXPECT_GT(times->first, 0);
  EXPECT_GE(times->last, times->first);
}

TEST_P(GuestPayload, EachReadBringsWhatTheDiskHoldsAndIsTimed) {
  auto disk = KnownDisk::make(1U << 20);
  ASSERT_TRUE(disk) << disk.error().message;
  for (const unsigned depth : {1U, 4U, 8U}) {
    auto done = read_disk(*disk, reads(depth));
    ASSERT_TRUE(done) << done.error().message;
    const auto &latencies = done->latencies;
    ASSERT_GE(latencies.size(), depth);
    EXPECT_GT(std::ranges::min(latencies), 0);
    /* The guest's clock is ours, and no more reads were under way than asked. */
    EXPECT_GT(done->seconds, 0.1);
    EXPECT_LE(std::accumulate(latencies.begin(), latencies.end(), 0.0) / 1e6,
              done->seconds * depth);
  }
}

TEST_P(GuestPayload, AWordThatIsWrongOnDiskIsNoticed) {
  auto disk = KnownDisk::make(std::size_t{4} * 4096);
  ASSERT_TRUE(disk) << disk.error().message;
  disk->words()[2 * 512 + 17] = 42;
  auto done = read_disk(*disk, reads(1));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "block 2: word 17 is wrong: 42");
}

TEST_P(GuestPayload, ADiskWithoutTheLegacyInterfaceIsNotDriven) {
  auto disk = KnownDisk::make(4096);
  ASSERT_TRUE(disk) << disk.error().message;
  auto spec = reads(1);
  spec.more = {"-global", "virtio-blk-pci.disable-legacy=on"};
  auto done = read_disk(*disk, spec);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "the guest finds no disk that it can drive");
}

/* However many vCPUs there are: the others are never woken. */
TEST_P(GuestPayload, TheOneThatWritesOnceDoesThatAndHalts) {
  GuestSpec spec;
  spec.qemu = GetParam().qemu;
  spec.accelerator = GetParam().accelerator;
  spec.image = FIRST_WRITE_IMAGE;
  spec.smp = "3";
  auto guest = started(spec);
  ASSERT_TRUE(guest);
  ASSERT_TRUE(guest->wait_reported(1));
  auto threads = guest->vcpu_threads();
  ASSERT_TRUE(threads) << threads.error().message;
  const qemu_pin::Procfs procfs;
  /* All of them come to rest: one that spins has much of any 300 ms. */
  EXPECT_TRUE(comes_true([&] {
    std::map<unsigned, std::uint64_t> before;
    for (const auto &[vcpu, thread] : *threads)
      before[vcpu] = (*procfs.usage(guest->pid(), thread))->run_ns;
    std::this_thread::sleep_for(300ms);
    return std::ranges::all_of(*threads, [&](const auto &vcpu) {
      return (*procfs.usage(guest->pid(), vcpu.second))->run_ns - before[vcpu.first] < 5'000'000U;
    });
  }));
  EXPECT_EQ(guest->reported(), "0");
}

INSTANTIATE_TEST_SUITE_P(Bench, GuestPayload,
                         testing::ValuesIn(machines({"kvm", "tcg,thread=multi"})), machine_name);
