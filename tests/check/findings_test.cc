/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "found.h"

#include "../plan/hosts.h"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <random>

using namespace qemu_pin;

namespace {

const std::string pairs = " -vcpu 0,affinity=4 -vcpu 1,affinity=12"
                          " -vcpu 2,affinity=5 -vcpu 3,affinity=13";
const std::string smp = "-smp 4,cores=2,threads=2";
TEST(Findings, WhatIsRightHasNone) {
  EXPECT_EQ(found(smp + pairs + emulator), Words());
  /* One thread of each core, with idle siblings. */
  EXPECT_EQ(found("-smp 2 -vcpu 0,affinity=4 -vcpu 1,affinity=5" + emulator), Words());
  EXPECT_EQ(found(smp + pairs + emulator + " -object iothread,id=a -iothreadpin a,affinity=8"),
            Words());
}

TEST(Findings, SiblingsApart) {
  EXPECT_EQ(found("-smp 2,threads=2 -vcpu 0,affinity=1 -vcpu 1,affinity=2" + emulator),
            (Words{"siblings-apart: vCPUs 0-1 are siblings (hyperthreads) to the guest, but host "
                   "CPUs 1-2 are not",
                   "-vcpu vcpunum=1,affinity=9"}));
}

TEST(Findings, PairsOfSiblingsApartAreOneLine) {
  std::string all = "-smp 8,threads=2" + emulator;
  for (unsigned vcpu = 0; vcpu < 8; ++vcpu)
    all += fmt::format(" -vcpu {},affinity={}", vcpu, vcpu < 4 ? vcpu + 4 : vcpu + 8);
  EXPECT_EQ(found(all), (Words{"siblings-apart: 4 pairs of guest siblings (hyperthreads) are on "
                               "different cores: vCPUs 0-1, 2-3, 4-5, 6-7",
                               "-vcpu vcpunum=1,affinity=12", "-vcpu vcpunum=3,affinity=14",
                               "-vcpu vcpunum=4,affinity=5", "-vcpu vcpunum=6,affinity=7"}));
}

TEST(Findings, GuestSiblingsOnCoresThatHaveNone) {
  /* Four cores of one thread: the guest is told so, and nothing moves. */
  EXPECT_EQ(found("-smp 2,threads=2 -vcpu 0,affinity=1 -vcpu 1,affinity=2 -emulatorpin affinity=0",
                  synthetic("core:4 pu:1")),
            (Words{"siblings-apart: vCPUs 0-1 are siblings (hyperthreads) to the guest, but host "
                   "CPUs 1-2 are not; the host's cores have one thread each (SMT may be off)",
                   "-smp 2,sockets=1,cores=2,threads=1"}));
}

TEST(Findings, GuestThreadsThatAreNotTheHosts) {
  EXPECT_EQ(found("-smp 4" + pairs + emulator),
            (Words{"threads-differ: vCPUs are on 2 siblings (hyperthreads) each of 2 host cores, "
                   "but the guest takes each for a core",
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
      (Words{"threads-differ: some vCPUs are on siblings (hyperthreads) of the host, in an order "
             "that threads= cannot tell the guest, which takes each for a core",
             "-smp 4,sockets=1,cores=2,threads=2", "-vcpu vcpunum=1,affinity=12",
             "-vcpu vcpunum=2,affinity=5"}));
}

TEST(Findings, CpusThatMayNotBeUsed) {
  EXPECT_EQ(found("-smp 1 -vcpu 0,affinity=16" + emulator),
            (Words{"unusable-cpu: vCPU 0 is pinned to host CPUs that cannot be used: CPU 16 is "
                   "absent: the host has CPUs 0-15",
                   "-vcpu vcpunum=0,affinity=1"}));
  EXPECT_EQ(found("-smp 1 -vcpu 0,affinity=1 -emulatorpin affinity=77"),
            (Words{"unusable-cpu: the emulator is pinned to host CPUs that cannot be used: CPU 77 "
                   "is absent: the host has CPUs 0-15",
                   "-emulatorpin affinity=0,affinity=2-3,affinity=8,affinity=10-11"}));
}

TEST(Findings, OfflineAndForbiddenCpusAreToldFromAbsentOnes) {
  Topology some = synthetic("core:4 pu:1");
  some.offline = {4, 5};
  some.not_allowed = {6};
  EXPECT_EQ(found("-smp 3 -vcpu 0,affinity=4 -vcpu 1,affinity=6 -vcpu 2,affinity=9"
                  " -emulatorpin affinity=0",
                  some)[0],
            "unusable-cpu: vCPUs 0-2 are pinned to host CPUs that cannot be used: CPU 4 is "
            "offline; CPU 6 is not allowed here (the cpuset has 0-3); CPU 9 is absent: the host "
            "has CPUs 0-6");
}

TEST(Findings, WhatTheEmulatorAndIothreadsHaveTheyKeep) {
  EXPECT_EQ(
      found("-smp 1" + emulator + " -object iothread,id=a -iothreadpin a,affinity=1,affinity=9"),
      (Words{"unpinned-vcpu: vCPU 0 is not pinned", "-vcpu vcpunum=0,affinity=2"}));
}

TEST(Findings, UnpinnedVcpus) {
  EXPECT_EQ(found("-smp 2 -vcpu 0,affinity=1" + emulator),
            (Words{"unpinned-vcpu: vCPU 1 is not pinned", "-vcpu vcpunum=1,affinity=2"}));
}

TEST(Findings, VcpusThatAreAbsentNeedNoPin) {
  GuestDescription guest = pinned({4, 12, 5, 13}, 2);
  guest.emulator = CpuSet{0, 8};
  guest.topology = {8, 1, 4, 2};
  guest.absent = {4, 5, 6, 7};
  EXPECT_EQ(lines_of(find_faults(synthetic(example_host), guest)), Words());
  /* They may have one, and the emulator does not go there. */
  guest.vcpus[4] = {0};
  guest.emulator = CpuSet{4};
  EXPECT_EQ(find_faults(synthetic(example_host), guest).mend,
            Words{"-emulatorpin affinity=6-7,affinity=14-15"});
  /* The missing ones in the middle, as a domain may have them. */
  guest = pinned({4, 12, 0, 0, 5, 13}, 2);
  guest.vcpus.erase(2);
  guest.vcpus.erase(3);
  guest.absent = {2, 3};
  guest.emulator = CpuSet{0, 8};
  EXPECT_EQ(lines_of(find_faults(synthetic(example_host), guest)), Words());
}

TEST(Findings, AbsentVcpusStayInTheMendedTopology) {
  GuestDescription guest = pinned({4, 12, 5, 13}, 1);
  guest.emulator = CpuSet{0, 8};
  guest.topology = {8, 1, 8, 1};
  guest.absent = {4, 5, 6, 7};
  EXPECT_EQ(find_faults(synthetic(example_host), guest).mend,
            Words{"-smp 4,maxcpus=8,sockets=1,cores=4,threads=2"});
}

TEST(Findings, AVcpuThatIsNotThere) {
  EXPECT_EQ(found("-smp 1 -vcpu 0,affinity=1 -vcpu 1,affinity=2" + emulator),
            (Words{"no-such-vcpu: there is no vCPU 1: the machine has 1 (0-0)"}));
}

TEST(Findings, AmdGuestsNeedTopoext) {
  Topology amd = synthetic(example_host);
  amd.is_amd = true;
  const std::string rest = smp + pairs + emulator;
  const std::string why = "no-topoext: this host's CPUs are AMD's: without topoext the guest does "
                          "not see which vCPUs are siblings (hyperthreads)";
  EXPECT_EQ(found("-cpu host " + rest, amd), (Words{why, "-cpu host,topoext=on"}));
  EXPECT_EQ(found("-cpu host,-topoext " + rest, amd), (Words{why, "-cpu host,topoext=on"}));
  EXPECT_EQ(found("-cpu host,topoext=on " + rest, amd), Words());
  EXPECT_EQ(found("-smp 2 -vcpu 0,affinity=4 -vcpu 1,affinity=5" + emulator, amd), Words());
  /* A guest that is only now told of siblings needs it too. */
  EXPECT_EQ(found("-cpu host -smp 4" + pairs + emulator, amd),
            (Words{"threads-differ: vCPUs are on 2 siblings (hyperthreads) each of 2 host cores, "
                   "but the guest takes each for a core",
                   "-smp 4,sockets=1,cores=2,threads=2", "-cpu host,topoext=on"}));
}

TEST(Findings, LibvirtMayGiveAHostModelTopoext) {
  Topology amd = synthetic(example_host);
  amd.is_amd = true;
  GuestDescription guest = pinned({4, 12}, 2);
  guest.dialect = Dialect::libvirt;
  guest.emulator = CpuSet{0, 8};
  guest.topoext = false;
  guest.cpu_model = "host-model";
  EXPECT_EQ(lines_of(find_faults(amd, guest)),
            (Words{"no-topoext: this host's CPUs are AMD's: with host-model the guest may have no "
                   "topoext, and without it does not see which vCPUs are siblings (hyperthreads)",
                   "<feature policy='require' name='topoext'/>"}));
}

TEST(Findings, TooManyVcpus) {
  const Words lines =
      found("-smp 3 -vcpu 0,affinity=0 -vcpu 1,affinity=1", synthetic("core:2 pu:1"));
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
  EXPECT_EQ(find_faults(synthetic(example_host), *guest).mend,
            Words{"<vcpupin vcpu='1' cpuset='9'/>"});
}

TEST(Findings, EachCorrectedOptionIsAFindingsToo) {
  const Findings findings = check(synthetic(example_host), "-smp 2 -vcpu 0,affinity=3 -vcpu "
                                                           "1,affinity=4 -emulatorpin affinity=4");
  Words all;
  for (const Finding &finding : findings.list)
    all.insert(all.end(), finding.corrected.begin(), finding.corrected.end());
  std::ranges::sort(all);
  Words mend = findings.mend;
  std::ranges::sort(mend);
  EXPECT_EQ(all, mend);
  EXPECT_FALSE(mend.empty());
}

/* Puts corrected options in the place of those that they correct. */
std::string corrected(const std::string &arguments, const Findings &findings) {
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
  for (const std::string &line : findings.mend)
    put(words(line));
  std::string text;
  for (const auto &[key, option] : options)
    text += option + " ";
  return text;
}

TEST(Findings, TogetherTheCorrectionsMendAllThatCanBe) {
  Topology hybrid_host = edited("pack:1 l3:1 core:8 pu:1", hybrid(4));
  Topology isolating = synthetic(example_host);
  isolating.isolated = {4, 5, 6, 7, 12, 13, 14, 15};
  const std::vector<Topology> hosts = {
      synthetic(example_host),  synthetic("pack:2 [numa] l3:2 core:4 pu:2"),
      synthetic("core:8 pu:1"), synthetic("pack:2 core:3 pu:4"),
      std::move(hybrid_host),   std::move(isolating)};
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
      if (below(8)) {
        arguments +=
            "-vcpu " + std::to_string(vcpu) + ",affinity=" + std::to_string(below(cpus + 1));
        if (!below(5))
          arguments += ",affinity=" + std::to_string(below(cpus));
        arguments += " ";
      }
    if (below(3))
      arguments += "-emulatorpin affinity=" + std::to_string(below(cpus + 1)) + " ";
    if (below(2)) {
      arguments += "-object iothread,id=a ";
      if (below(2))
        arguments += "-iothreadpin a,affinity=" + std::to_string(below(cpus)) + " ";
    }
    const Findings before = check(topology, arguments);
    const std::string after = corrected(arguments, before);
    std::string rest;
    for (const Finding &finding : check(topology, after).list)
      rest += finding.kind + ": " + finding.message + "\n";
    EXPECT_EQ(rest, "") << "round " << round << "\nbefore: " << arguments << "\nafter:  " << after;
    mended += !before.list.empty();
    if (HasFailure())
      return;
  }
  EXPECT_GT(mended, 1000U);
}

} // namespace
