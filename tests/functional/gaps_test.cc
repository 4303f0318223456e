/*
 * The guest that watches itself being kept from running, and what the host reads of it:
 * what benchmarks of latency stand on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "harness/gap_record.h"
#include "pinning_test.h"

#include <csignal>
#include <thread>

using namespace std::chrono_literals;

namespace {

/* The shortest that a stop of 330 ms comes to, in microseconds. It may come to more, and there
 * may be other gaps, on a host that is busy. */
constexpr double least_us = 325e3;

class GapsGuest : public QemuTest {
protected:
  /* Running and recording on all vCPUs, or a failure of the test. */
  std::optional<Guest> watching(const GapRecord &record, unsigned vcpus) const {
    auto guest = Guest::start({GetParam().qemu, GetParam().accelerator, GAPS_IMAGE,
                               std::to_string(vcpus), record.options()});
    if (!guest) {
      ADD_FAILURE() << guest.error().message;
      return std::nullopt;
    }
    for (unsigned vcpu = 0; vcpu < vcpus; ++vcpu)
      if (!record.wait_recording(vcpu, patience)) {
        ADD_FAILURE() << "vCPU " << vcpu << " records nothing";
        return std::nullopt;
      }
    return std::optional(std::move(*guest));
  }

  /* The guest does not run for that long, or a little more. */
  static void stop_for(const Guest &guest, std::chrono::milliseconds time) {
    kill(guest.pid(), SIGSTOP);
    std::this_thread::sleep_for(time);
    kill(guest.pid(), SIGCONT);
  }

  /* What vCPU 0 records from a moment before a stop of 330 ms to a moment after it. */
  static qemu_pin::Result<GapRecord::Gaps> across_a_stop(const Guest &guest,
                                                         const GapRecord &record) {
    const auto from = record.read(0);
    std::this_thread::sleep_for(20ms);
    stop_for(guest, 330ms);
    std::this_thread::sleep_for(100ms);
    return record.since(from);
  }
};

} // namespace

TEST_P(GapsGuest, ATimeInWhichItDoesNotRunIsAGapOfThatLength) {
  auto record = GapRecord::make();
  ASSERT_TRUE(record) << record.error().message;
  auto guest = watching(*record, 1);
  ASSERT_TRUE(guest);
  std::this_thread::sleep_for(100ms);

  auto gaps = across_a_stop(*guest, *record);
  ASSERT_TRUE(gaps) << gaps.error().message;

  EXPECT_TRUE(gaps->complete);
  EXPECT_GE(gaps->delays.longest(), least_us);
  EXPECT_LE(gaps->delays.longest(), gaps->delays.window);
  EXPECT_GT(gaps->delays.window, 440e3);
  /* Of all moments, those in the gap. */
  EXPECT_GE((1 - gaps->delays.available()) * gaps->delays.window, least_us);
  EXPECT_GE(gaps->delays.share_above(10e3) * gaps->delays.window, least_us - 10e3);
  EXPECT_GT(gaps->loops_per_second, 0);
}

TEST_P(GapsGuest, GapsBeforeTheReadingAreNotCounted) {
  auto record = GapRecord::make();
  ASSERT_TRUE(record) << record.error().message;
  auto guest = watching(*record, 1);
  ASSERT_TRUE(guest);
  stop_for(*guest, 900ms);
  std::this_thread::sleep_for(100ms);

  const auto from = record->read(0);
  std::this_thread::sleep_for(100ms);
  auto gaps = record->since(from);
  ASSERT_TRUE(gaps) << gaps.error().message;
  EXPECT_LE(gaps->delays.longest(), gaps->delays.window);
}

TEST_P(GapsGuest, EveryVcpuHasARecordOfItsOwn) {
  auto record = GapRecord::make();
  ASSERT_TRUE(record) << record.error().message;
  auto guest = watching(*record, 2);
  ASSERT_TRUE(guest);
  const auto first = record->read(0);
  const auto second = record->read(1);
  stop_for(*guest, 330ms);
  std::this_thread::sleep_for(200ms);
  for (const auto &from : {first, second}) {
    auto gaps = record->since(from);
    ASSERT_TRUE(gaps) << gaps.error().message;
    EXPECT_GE(gaps->delays.longest(), least_us) << "vCPU " << from.vcpu;
    EXPECT_LE(gaps->delays.longest(), gaps->delays.window) << "vCPU " << from.vcpu;
  }
}

TEST_P(GapsGuest, MoreGapsThanTheListHoldsAreKnownByTheirBuckets) {
  auto record = GapRecord::make(0ns); /* every reading ends a gap */
  ASSERT_TRUE(record) << record.error().message;
  auto guest = watching(*record, 1);
  ASSERT_TRUE(guest);
  ASSERT_TRUE(comes_true([&] { return record->read(0).gaps > GAP_LISTED; }));

  auto gaps = across_a_stop(*guest, *record);
  ASSERT_TRUE(gaps) << gaps.error().message;
  EXPECT_FALSE(gaps->complete);
  EXPECT_GE(gaps->delays.longest(), least_us);
  EXPECT_LE(gaps->delays.longest(), gaps->delays.window);
  EXPECT_GE((1 - gaps->delays.available()) * gaps->delays.window, least_us);
}

TEST(GapsGuestOf, AGuestThatDoesNotRunGivesNoFigures) {
  auto record = GapRecord::make();
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_FALSE(record->wait_recording(0, 0ms));
  const auto from = record->read(0);
  std::this_thread::sleep_for(2ms);
  EXPECT_FALSE(record->since(from));
}

INSTANTIATE_TEST_SUITE_P(Bench, GapsGuest, testing::ValuesIn(machines({"kvm", "tcg,thread=multi"})),
                         machine_name);
