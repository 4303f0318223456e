/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/gap_record.h"

#include "harness/patience.h"

#include <algorithm>
#include <cmath>
#include <thread>
#include <x86intrin.h>

using qemu_pin::Error;
using qemu_pin::Result;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t ram_size = std::size_t{PAYLOAD_RAM_MIB} << 20;

double microseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

/* Near enough to know what is longer than a microsecond; since() measures anew. */
double ticks_per_microsecond() {
  const auto start = steady_clock::now();
  const auto first = __rdtsc();
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const auto last = __rdtsc();
  return static_cast<double>(last - first) / microseconds(steady_clock::now() - start);
}

/* The guest's list, from one gap to before another, as far as it is in the window. */
std::vector<Gap> listed(const volatile GapArea &area, const GapRecord::Reading &from,
                        const GapRecord::Reading &to, double ticks) {
  std::vector<Gap> result;
  for (std::uint64_t i = from.gaps; i < to.gaps; ++i) {
    const std::uint64_t start = std::max(area.list[i].end - area.list[i].length, from.guest_tsc);
    const std::uint64_t end = std::min(std::uint64_t{area.list[i].end}, to.guest_tsc);
    if (end > start)
      result.push_back({static_cast<double>(end - start) / ticks});
  }
  return result;
}

std::vector<Gap> bucketed(const GapRecord::Reading &from, const GapRecord::Reading &to,
                          double ticks) {
  std::vector<Gap> result;
  for (std::size_t i = 0; i < GAP_BUCKETS; ++i) {
    const auto times = static_cast<double>(to.buckets[i].gaps - from.buckets[i].gaps);
    const auto sum = static_cast<double>(to.buckets[i].ticks - from.buckets[i].ticks);
    if (times > 0)
      result.push_back({sum / times / ticks, times});
  }
  return result;
}

} // namespace

Result<GapRecord> GapRecord::make(std::chrono::nanoseconds longer_than) {
  auto ram = MemoryFile::make("gaps", ram_size);
  if (!ram)
    return ram.error();
  const double ticks = ticks_per_microsecond();
  if (!(ticks > 0))
    return Error{"the TSC of this host does not count"};
  GapRecord record(std::move(*ram));
  for (unsigned vcpu = 0; vcpu < GAP_VCPUS; ++vcpu)
    record.area(vcpu).threshold =
        static_cast<std::uint64_t>(std::ceil(ticks * microseconds(longer_than)));
  return record;
}

volatile GapArea &GapRecord::area(unsigned vcpu) const {
  return *ram_.at<GapArea>(PAYLOAD_OWN_RAM + std::size_t{vcpu} * GAP_AREA_SIZE);
}

bool GapRecord::wait_recording(unsigned vcpu, std::chrono::milliseconds timeout) const {
  const auto deadline = steady_clock::now() + timeout;
  while (!area(vcpu).recording) {
    if (steady_clock::now() >= deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

GapRecord::Reading GapRecord::read(unsigned vcpu) const {
  const volatile GapArea &now = area(vcpu);
  /* In the middle of a gap its clock would be late. */
  const std::uint64_t before = now.last;
  const auto deadline = steady_clock::now() + patience;
  while (now.recording && now.last == before && steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  Reading reading = {};
  reading.vcpu = vcpu;
  reading.guest_tsc = now.last;
  reading.gaps = now.gaps;
  reading.loops = now.loops;
  reading.host_tsc = __rdtsc();
  reading.time = steady_clock::now();
  for (std::size_t i = 0; i < GAP_BUCKETS; ++i)
    reading.buckets[i] = {now.buckets[i].gaps, now.buckets[i].ticks};
  return reading;
}

Result<GapRecord::Gaps> GapRecord::since(const Reading &from) const {
  const Reading to = read(from.vcpu);
  const double time = microseconds(to.time - from.time);
  const double ticks = static_cast<double>(to.host_tsc - from.host_tsc) / time;
  const double window = static_cast<double>(to.guest_tsc - from.guest_tsc) / ticks;
  /* We may be kept from running between the readings of two clocks. */
  if (!(window > 0.5 * time && window < 1.5 * time))
    return Error{"the guest's TSC does not tick as the host's, or the guest does not run: " +
                 std::to_string(window) + " microseconds of it went by in " + std::to_string(time)};
  Gaps result;
  result.complete = to.gaps <= GAP_LISTED;
  result.delays.window = window;
  result.delays.gaps =
      result.complete ? listed(area(from.vcpu), from, to, ticks) : bucketed(from, to, ticks);
  result.loops_per_second = 1e6 * static_cast<double>(to.loops - from.loops) / time;
  return result;
}
