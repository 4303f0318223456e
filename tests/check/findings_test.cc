/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/findings.h"
#include "plan/formats.h"
#include "plan/roles.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <sstream>

using namespace qemu_pin;

namespace {

using Words = std::vector<std::string>;

/* CPUs n and n+8 are siblings; two L3s of four cores. */
const char *const example = "pack:1 l3:2 core:4 pu:2(indexes=2*8:8*1)";

Topology host(const std::string &synthetic) {
  TopologySource source;
  source.synthetic = synthetic;
  auto topology = read_topology(source);
  if (topology)
    return *topology;
  ADD_FAILURE() << topology.error().message;
  return {};
}

Words words(const std::string &text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

std::vector<Finding> check(const Topology &topology, const std::string &arguments) {
  return find_faults(topology, read_qemu_arguments(words(arguments)));
}

/* "KIND: MESSAGE", and the corrected options each on a line of its own. */
Words found(const std::string &arguments, const Topology &topology = host(example)) {
  Words lines;
  for (const Finding &finding : check(topology, arguments)) {
    lines.push_back(finding.kind + ": " + finding.message);
    lines.insert(lines.end(), finding.corrected.begin(), finding.corrected.end());
  }
  return lines;
}

const std::string pairs = " -vcpu 0,affinity=4 -vcpu 1,affinity=12"
                          " -vcpu 2,affinity=5 -vcpu 3,affinity=13";
const std::string smp = "-smp 4,cores=2,threads=2";
const std::string emulator = " -emulatorpin affinity=0,affinity=8";

TEST(Findings, WhatIsRightHasNone) {
  EXPECT_EQ(found(smp + pairs + emulator), Words());
  /* One thread of each core, with idle siblings. */
  EXPECT_EQ(found("-smp 2 -vcpu 0,affinity=4 -vcpu 1,affinity=5" + emulator), Words());
  EXPECT_EQ(found(smp + pairs + emulator + " -object iothread,id=a -iothreadpin a,affinity=8"),
            Words());
}

TEST(Findings, SiblingsApart) {
  EXPECT_EQ(found("-smp 2,threads=2 -vcpu 0,affinity=1 -vcpu 1,affinity=2" + emulator),
            (Words{"siblings-apart: vCPUs 0-1 are siblings to the guest, but host CPUs 1-2 are not",
                   "-vcpu vcpunum=1,affinity=9"}));
}

TEST(Findings, GuestThreadsThatAreNotTheHosts) {
  EXPECT_EQ(found("-smp 4" + pairs + emulator),
            (Words{"threads-differ: vCPUs are on 2 siblings each of 2 host cores, but the guest "
                   "takes each for a core",
                   "-smp 4,sockets=1,cores=2,threads=2"}));
  /* Two sockets stay two only if each gets as many cores. */
  EXPECT_EQ(found("-smp 4,sockets=2,cores=2" + pairs + emulator).back(),
            "-smp 4,sockets=2,cores=1,threads=2");
  EXPECT_EQ(
      found("-smp 6,sockets=2,cores=3 -vcpu 4,affinity=6 -vcpu 5,affinity=14" + pairs + emulator)
          .back(),
      "-smp 6,sockets=1,cores=3,threads=2");
  EXPECT_EQ(
      found("-smp 4 -vcpu 0,affinity=4 -vcpu 1,affinity=5 -vcpu 2,affinity=12"
            " -vcpu 3,affinity=13" +
            emulator),
      (Words{"threads-differ: some vCPUs are on sibling CPUs of the host, in an order that "
             "threads= cannot tell the guest",
             "-vcpu vcpunum=0,affinity=1", "-vcpu vcpunum=1,affinity=9",
             "-vcpu vcpunum=2,affinity=2", "-vcpu vcpunum=3,affinity=10",
             "threads-differ: the guest's topology must match the corrected pins: 2 threads a "
             "core",
             "-smp 4,sockets=1,cores=2,threads=2"}));
}

TEST(Findings, CrossedL3) {
  EXPECT_EQ(found("-smp 2 -vcpu 0,affinity=1 -vcpu 1,affinity=4" + emulator),
            (Words{"l3-crossed: the guest is on L3s 0-1; 1 would be enough",
                   "-vcpu vcpunum=1,affinity=2"}));
}

TEST(Findings, CrossedNodes) {
  const Topology two = host("pack:2 [numa] core:4 pu:1");
  EXPECT_EQ(found("-smp 2 -vcpu 0,affinity=1 -vcpu 1,affinity=4 -emulatorpin affinity=0", two),
            (Words{"node-crossed: the guest is on NUMA nodes 0-1; 1 would be enough",
                   "-vcpu vcpunum=1,affinity=2"}));
  /* Six of eight need both. */
  EXPECT_EQ(found("-smp 6 -vcpu 0,affinity=1 -vcpu 1,affinity=2 -vcpu 2,affinity=3 -vcpu "
                  "3,affinity=4 -vcpu 4,affinity=5 -vcpu 5,affinity=6 -emulatorpin affinity=0",
                  two),
            Words());
}

TEST(Findings, CpusThatMayNotBeUsed) {
  EXPECT_EQ(found("-smp 1 -vcpu 0,affinity=16" + emulator),
            (Words{"unusable-cpu: vCPU 0 is pinned to host CPU 16, which is offline, not there, or "
                   "not allowed (CPUs 0-15 may be used)",
                   "-vcpu vcpunum=0,affinity=1"}));
  EXPECT_EQ(found("-smp 1 -vcpu 0,affinity=1 -emulatorpin affinity=77"),
            (Words{"unusable-cpu: the emulator is pinned to host CPU 77, which is offline, not "
                   "there, or not allowed (CPUs 0-15 may be used)",
                   "-emulatorpin affinity=0,affinity=2-3,affinity=8,affinity=10-11"}));
}

TEST(Findings, WhatTheEmulatorAndIothreadsHaveTheyKeep) {
  EXPECT_EQ(
      found("-smp 1" + emulator + " -object iothread,id=a -iothreadpin a,affinity=1,affinity=9"),
      (Words{"unpinned-vcpu: vCPU 0 is not pinned", "-vcpu vcpunum=0,affinity=2"}));
}

TEST(Findings, UnpinnedAndSharedVcpus) {
  EXPECT_EQ(found("-smp 2 -vcpu 0,affinity=1" + emulator),
            (Words{"unpinned-vcpu: vCPU 1 is not pinned", "-vcpu vcpunum=1,affinity=2"}));
  EXPECT_EQ(found("-smp 2 -vcpu 0,affinity=1 -vcpu 1,affinity=1" + emulator),
            (Words{"shared-cpu: vCPUs 0-1 have to take turns: all are pinned to host CPU 1",
                   "-vcpu vcpunum=1,affinity=2"}));
}

TEST(Findings, VcpusThatBothHaveAWholeCoreNeedNotTakeTurns) {
  EXPECT_EQ(found("-smp 2,threads=2 -vcpu 0,affinity=1,affinity=9 -vcpu 1,affinity=1,affinity=9" +
                  emulator),
            Words());
}

TEST(Findings, TheEmulatorWhereVcpusRun) {
  EXPECT_EQ(found("-smp 1 -vcpu 0,affinity=1 -emulatorpin affinity=0-1"),
            (Words{"emulator-on-vcpu: the emulator is on host CPU 1, where vCPUs run",
                   "-emulatorpin affinity=0,affinity=2-3,affinity=8,affinity=10-11"}));
  EXPECT_EQ(found("-smp 1 -vcpu 0,affinity=1"),
            (Words{"emulator-on-vcpu: the emulator is not pinned, and may run on the vCPUs' CPUs",
                   "-emulatorpin affinity=0,affinity=2-3,affinity=8,affinity=10-11"}));
  EXPECT_EQ(
      found("-smp 2 -vcpu 0,affinity=0 -vcpu 1,affinity=1", host("core:2 pu:1")),
      (Words{"emulator-on-vcpu: the emulator is not pinned, and may run on the vCPUs' CPUs; no "
             "core is free for it: give the guest fewer vCPUs"}));
}

TEST(Findings, AnIothreadWhereVcpusRun) {
  EXPECT_EQ(found(smp + pairs + emulator + " -object iothread,id=a -iothreadpin a,affinity=12"),
            (Words{"iothread-on-vcpu: iothread 'a' is on host CPU 12, where vCPUs run",
                   "-iothreadpin a,affinity=6-7,affinity=14-15"}));
  EXPECT_EQ(found(smp + pairs + emulator + " -iothreadpin b,affinity=0"),
            (Words{"no-such-iothread: there is no iothread 'b'"}));
  /* One without a pin goes where the emulator goes. */
  EXPECT_EQ(found(smp + pairs + " -emulatorpin affinity=12 -object iothread,id=a"),
            (Words{"emulator-on-vcpu: the emulator is on host CPU 12, where vCPUs run",
                   "-emulatorpin affinity=6-7,affinity=14-15"}));
}

TEST(Findings, HalfACore) {
  EXPECT_EQ(
      found("-smp 1 -vcpu 0,affinity=1 -emulatorpin affinity=9"),
      (Words{"split-core: host CPUs 1 and 9 are one core: the guest shares it with QEMU's "
             "other threads",
             "emulator-on-vcpu: the emulator is on host CPU 9, where the corrected vCPUs' cores "
             "are",
             "-emulatorpin affinity=0,affinity=8"}));
}

TEST(Findings, AVcpuThatIsNotThere) {
  EXPECT_EQ(found("-smp 1 -vcpu 0,affinity=1 -vcpu 1,affinity=2" + emulator),
            (Words{"no-such-vcpu: there is no vCPU 1: the machine has 1 (0-0)"}));
}

TEST(Findings, AmdGuestsNeedTopoext) {
  Topology amd = host(example);
  amd.is_amd = true;
  const std::string rest = smp + pairs + emulator;
  EXPECT_EQ(found("-cpu host " + rest, amd),
            (Words{"no-topoext: this host's CPUs are AMD's: without topoext the guest does not see "
                   "which vCPUs are siblings",
                   "-cpu host,topoext=on"}));
  EXPECT_EQ(found("-cpu host,topoext=on " + rest, amd), Words());
  EXPECT_EQ(found("-smp 2 -vcpu 0,affinity=4 -vcpu 1,affinity=5" + emulator, amd), Words());
}

TEST(Findings, TooManyVcpus) {
  const Words lines = found("-smp 3 -vcpu 0,affinity=0 -vcpu 1,affinity=1", host("core:2 pu:1"));
  EXPECT_NE(std::find(lines.begin(), lines.end(),
                      "overcommitted: 3 vCPUs with whole cores need 3 cores; 2 are free (at most 2 "
                      "vCPUs fit, or more with --overcommit)"),
            lines.end())
      << testing::PrintToString(lines);
}

TEST(Findings, AreInLibvirtsWordsForItsDomains) {
  auto guest = read_libvirt_domain(
      "<domain><vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='1'/><vcpupin vcpu='1' cpuset='2'/>"
      "<emulatorpin cpuset='0,8'/></cputune><cpu mode='host-passthrough'>"
      "<topology sockets='1' cores='1' threads='2'/></cpu></domain>");
  ASSERT_TRUE(guest);
  const std::vector<Finding> findings = find_faults(host(example), *guest);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].corrected, Words{"<vcpupin vcpu='1' cpuset='9'/>"});
}

TEST(Findings, PlansHaveNone) {
  for (const char *synthetic :
       {example, "pack:2 [numa] l3:2 core:4 pu:2", "core:8 pu:1", "pack:2 core:3 pu:4"}) {
    const Topology topology = host(synthetic);
    for (unsigned vcpus = 1; vcpus < topology.cpus().size(); ++vcpus)
      for (bool one_per_core : {false, true}) {
        PlacementRequest request;
        request.vcpus = vcpus;
        request.reserve_cores = 1;
        request.rules.one_per_core = one_per_core;
        auto placement = place(topology, request);
        if (!placement)
          continue;
        const std::string plan = in_format(plan_for(topology, *placement, 1, 0), Format::qemu);
        EXPECT_EQ(found(plan, topology), Words()) << synthetic << "\n" << plan;
      }
  }
}

/* Puts corrected options in the place of those that they correct. */
std::string corrected(const std::string &arguments, const std::vector<Finding> &findings) {
  std::map<std::string, std::string> options;
  const auto put = [&](const Words &all) {
    for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
      std::string value = all[i + 1];
      if (value.starts_with("vcpunum="))
        value.erase(0, 8);
      const bool many = all[i] == "-vcpu" || all[i] == "-iothreadpin" || all[i] == "-object";
      options[many ? all[i] + " " + value.substr(0, value.find(',')) : all[i]] =
          all[i] + " " + value;
    }
  };
  put(words(arguments));
  for (const Finding &finding : findings)
    for (const std::string &line : finding.corrected)
      put(words(line));
  std::string text;
  for (const auto &[key, option] : options)
    text += option + " ";
  return text;
}

TEST(Findings, TogetherTheCorrectionsMendAllThatCanBe) {
  const std::vector<Topology> hosts = {host(example), host("pack:2 [numa] l3:2 core:4 pu:2"),
                                       host("core:8 pu:1"), host("pack:2 core:3 pu:4")};
  std::mt19937 random(20261121); // NOLINT(*-msc51-cpp): the same each time
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  unsigned mended = 0;
  for (int round = 0; round < 2000; ++round) {
    const Topology &topology = hosts[below(static_cast<unsigned>(hosts.size()))];
    const auto cpus = static_cast<unsigned>(topology.cpus().size());
    const unsigned threads = 1 + below(2);
    const unsigned vcpus = threads * (1 + below(3));
    std::string arguments =
        "-smp " + std::to_string(vcpus) + ",sockets=1,threads=" + std::to_string(threads) + " ";
    for (unsigned vcpu = 0; vcpu < vcpus; ++vcpu)
      if (below(8))
        arguments +=
            "-vcpu " + std::to_string(vcpu) + ",affinity=" + std::to_string(below(cpus + 1)) + " ";
    if (below(3))
      arguments += "-emulatorpin affinity=" + std::to_string(below(cpus + 1)) + " ";
    if (below(2)) {
      arguments += "-object iothread,id=a ";
      if (below(2))
        arguments += "-iothreadpin a,affinity=" + std::to_string(below(cpus)) + " ";
    }
    const std::vector<Finding> before = check(topology, arguments);
    const std::string after = corrected(arguments, before);
    std::string rest;
    for (const Finding &finding : check(topology, after))
      rest += finding.kind + ": " + finding.message + "\n";
    EXPECT_EQ(rest, "") << "round " << round << "\nbefore: " << arguments << "\nafter:  " << after;
    mended += !before.empty();
    if (HasFailure())
      return;
  }
  EXPECT_GT(mended, 1000U);
}

} // namespace
