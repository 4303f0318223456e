/*
 * What the place of an iothread is worth: a guest reads random blocks of a disk in memory,
 * with the iothread on a CPU of its own, on the vCPU's, and wherever the kernel puts it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "command.h"
#include "harness/disk_reads.h"
#include "harness/guest.h"
#include "harness/known_disk.h"
#include "harness/samples.h"
#include "two_cpus.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using qemu_pin::Result;

namespace {

constexpr std::size_t disk_bytes = 64U << 20;
constexpr std::array<unsigned, 2> depths = {1, 4};
/* Of the reads, those that come first are for warming up. */
constexpr std::size_t warm_up_divisor = 20;

enum class Place { apart, onto, free };

const char *name_of(Place place) {
  return place == Place::apart ? "apart" : place == Place::onto ? "onto" : "free";
}

std::string arm_name(Place place, unsigned depth) {
  return std::string(name_of(place)) + " qd" + std::to_string(depth);
}

std::string what(Place place, unsigned depth) {
  const std::string reads =
      depth == 1 ? ", one read at a time" : ", " + std::to_string(depth) + " reads at a time";
  switch (place) {
  case Place::apart:
    return "vCPU and iothread pinned, to a host CPU each" + reads;
  case Place::onto:
    return "vCPU and iothread pinned to the same host CPU" + reads;
  default:
    return "nothing pinned" + reads;
  }
}

/* The emulator's threads stay away from the vCPU wherever anything is pinned, so that only the
 * iothread makes the difference. */
std::vector<std::string> pins(Place place, const std::array<unsigned, 2> &cpus) {
  const std::string other = std::to_string(cpus[0]);
  const std::string vcpus = std::to_string(cpus[1]);
  if (place == Place::free)
    return {};
  return {"-vcpu",        "0,affinity=" + vcpus,
          "-iothreadpin", "io0,affinity=" + (place == Place::apart ? other : vcpus),
          "-emulatorpin", "affinity=" + other};
}

Result<bench::Figures> read_once(const KnownDisk &disk, const DiskReadsSpec &spec) {
  auto reads = read_disk(disk, spec);
  if (!reads)
    return reads.error();
  const std::span<const double> all(reads->latencies);
  const auto warm = all.subspan(all.size() / warm_up_divisor);
  return bench::Figures{
      {"iops", static_cast<double>(all.size()) / reads->seconds},
      {"p50", percentile(warm, 50)},
      {"p99", percentile(warm, 99)},
      {"max", std::ranges::max(warm)},
  };
}

std::string about(bool kvm, bool direct) {
  return fmt::format(
      "A guest of our own with one vCPU (tests/guest/disk.c; {}) reads random 4 KiB blocks of a "
      "64 MiB raw disk in memory through virtio-blk and an iothread, one (`qd1`) or four (`qd4`) "
      "at a time. It looks for the answers, instead of waiting for an interrupt, checks every "
      "word it reads, and times each read. QEMU reads by {}. The iothread polls for up to 32 us "
      "before it sleeps (QEMU's default). Everything runs on two host CPUs. `apart`: the vCPU is "
      "pinned to one, the iothread to the other, with all other threads of QEMU's. `onto`: the "
      "iothread is pinned to the vCPU's. `free`: nothing is pinned.",
      kvm ? "KVM" : "TCG, for there is no KVM here",
      direct ? "Linux's asynchronous I/O, past the page cache: the iothread does the reading"
             : "threads of its own (the kernel has no direct I/O on tmpfs), which are the "
               "emulator's");
}

bench::Benchmark describe(bool kvm, bool direct) {
  bench::Benchmark benchmark{
      "iothread",
      "IOThread: random reads, by where it runs",
      about(kvm, direct),
      {"The disk is memory and no device: this is what the way to the iothread and back costs, "
       "and no statement on any disk.",
       "The vCPU never sleeps; a guest that waits for interrupts loses less by an iothread on "
       "its CPU, and takes longer for each read.",
       "Where the kernel puts what is `free` differs by kernel, host, and run: on the vCPU's CPU, "
       "or on the other. Its figures are of this host, and their spread is the point.",
       "A maximum is that of its run of about 0.8 s, and no worst case."},
      {{"iops", "reads", "1/s"},
       {"p50", "time of a read, p50", "us"},
       {"p99", "time of a read, p99", "us"},
       {"max", "time of a read, longest", "us"}},
      {},
      {}};
  for (const char *metric : {"iops", "p50", "p99"})
    for (const unsigned depth : depths)
      for (const Place place : {Place::onto, Place::free})
        benchmark.comparisons.push_back(
            {metric, arm_name(Place::apart, depth), arm_name(place, depth)});
  return benchmark;
}

Result<bench::Report> measure(const bench::Setting &setting) {
  auto made = KnownDisk::make(disk_bytes);
  if (!made)
    return made.error();
  const auto disk = std::make_shared<KnownDisk>(std::move(*made));
  auto cpus = bench::keep_to_two_cpus();
  const bool kvm = !why_no_kvm();
  bench::Benchmark benchmark = describe(kvm, disk->direct());
  for (const unsigned depth : depths)
    for (const Place place : {Place::apart, Place::onto, Place::free}) {
      DiskReadsSpec spec{setting.qemu, kvm ? "kvm" : "tcg", setting.guests + "/disk.bin", depth,
                         setting.quick ? 200ms : 800ms};
      if (cpus)
        spec.more = pins(place, *cpus);
      benchmark.arms.push_back({arm_name(place, depth), what(place, depth),
                                [=] { return read_once(*disk, spec); },
                                cpus ? "" : cpus.error().message});
    }
  auto report = bench::measure_arms(benchmark, setting);
  if (report) {
    report->facts["accelerator"] = kvm ? "kvm" : "tcg";
    report->facts["aio"] = disk->direct() ? "native" : "threads";
    report->plots.push_back(bench::bars_of(*report, 0, true));
    report->plots.push_back(bench::bars_of(*report, 2, true));
  }
  return report;
}

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "iothread", measure);
}
