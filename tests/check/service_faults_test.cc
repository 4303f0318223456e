/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "found.h"

#include "../plan/hosts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace qemu_pin;

namespace {

const std::string pairs = " -vcpu 0,affinity=4 -vcpu 1,affinity=12"
                          " -vcpu 2,affinity=5 -vcpu 3,affinity=13";
const std::string smp = "-smp 4,cores=2,threads=2";
const std::string emulator = " -emulatorpin affinity=0,affinity=8";

TEST(ServiceFaults, TheEmulatorWhereVcpusRun) {
  /* Of its own CPUs it keeps those where none runs. */
  EXPECT_EQ(found("-smp 1 -vcpu 0,affinity=1 -emulatorpin affinity=0-1"),
            (Words{"emulator-on-vcpu: the emulator is on host CPU 1, where vCPUs run",
                   "-emulatorpin affinity=0"}));
  EXPECT_EQ(found("-smp 1 -vcpu 0,affinity=1"),
            (Words{"emulator-on-vcpu: the emulator is not pinned, and may run on the vCPUs' CPUs",
                   "-emulatorpin affinity=0,affinity=2-3,affinity=8,affinity=10-11"}));
}

TEST(ServiceFaults, AGuestThatHasAllCoresIsToldHowManyVcpusLeaveOne) {
  EXPECT_EQ(found("-smp 2 -vcpu 0,affinity=0 -vcpu 1,affinity=1", synthetic("core:2 pu:1")),
            (Words{"note: the guest has every core: QEMU's other threads run on the vCPUs' CPUs; "
                   "give the guest 1 vCPU, and leave the core of CPU 0 to the emulator"}));
  std::string all = "-smp 16,threads=2 -emulatorpin affinity=1,affinity=9";
  for (unsigned vcpu = 0; vcpu < 16; ++vcpu)
    all += fmt::format(" -vcpu {},affinity={}", vcpu, vcpu / 2 + vcpu % 2 * 8);
  EXPECT_EQ(found(all),
            Words{"emulator-on-vcpu: the emulator is on host CPUs 1,9, where vCPUs run; no core is "
                  "free for it: give the guest 14 vCPUs, and leave the core of CPUs 1,9 to the "
                  "emulator"});
}

TEST(ServiceFaults, AnIothreadWhereVcpusRun) {
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

TEST(ServiceFaults, LibvirtsIothreadsDoNotGoWithTheEmulator) {
  GuestDescription guest = pinned({4, 12}, 2);
  guest.emulator = CpuSet{0, 8};
  guest.iothreads = {"1"};
  guest.dialect = Dialect::libvirt;
  EXPECT_EQ(lines_of(find_faults(synthetic(example_host), guest)),
            (Words{"iothread-on-vcpu: iothread '1' is not pinned, and may run on the vCPUs' CPUs",
                   "<iothreadpin iothread='1' cpuset='5-7,13-15'/>"}));
}

TEST(ServiceFaults, HalfACore) {
  EXPECT_EQ(
      found("-smp 1 -vcpu 0,affinity=1 -emulatorpin affinity=9"),
      (Words{"split-core: the emulator is on CPU 9, the sibling (hyperthread) of CPU 1, where "
             "vCPUs run: they slow each other",
             "-emulatorpin affinity=0,affinity=2-3,affinity=8,affinity=10-11"}));
}

TEST(ServiceFaults, WithoutAPinTheEmulatorInheritsTheCpusThatQemuIsStartedOn) {
  GuestDescription guest = pinned({4, 12}, 2);
  guest.start_set = CpuSet{0, 8};
  EXPECT_EQ(lines_of(find_faults(synthetic(example_host), guest)), Words());
  guest.start_set = CpuSet{4, 5, 12, 13};
  EXPECT_EQ(lines_of(find_faults(synthetic(example_host), guest)),
            (Words{"emulator-on-vcpu: the emulator is not pinned: it inherits host CPUs 4,12, "
                   "where vCPUs run",
                   "-emulatorpin affinity=5,affinity=13"}));
}

TEST(ServiceFaults, ThePoolOfACloudsGuestIsSharedWithTheEmulator) {
  GuestDescription guest = pinned({0, 0, 0}, 1);
  for (unsigned vcpu = 0; vcpu < 3; ++vcpu)
    guest.vcpus[vcpu] = {0, 1, 2, 3, 8, 9, 10, 11};
  guest.emulator = guest.vcpus[0];
  EXPECT_EQ(lines_of(find_faults(synthetic(example_host), guest)),
            Words{"note: the emulator shares CPUs 0-3,8-11 with the vCPUs"});
}

TEST(ServiceFaults, TheEmulatorStaysOffIsolatedCpus) {
  Topology isolating = synthetic(example_host);
  isolating.isolated = {4, 5, 6, 7, 12, 13, 14, 15};
  EXPECT_EQ(found("-smp 2,threads=2 -vcpu 0,affinity=4 -vcpu 1,affinity=12", isolating),
            (Words{"emulator-on-vcpu: the emulator is not pinned, and may run on the vCPUs' CPUs",
                   "-emulatorpin affinity=0-3,affinity=8-11"}));
}

TEST(ServiceFaults, AnEmulatorWithAFastCore) {
  const Topology hybrid_host = edited("pack:1 l3:1 core:8 pu:1", hybrid(4));
  GuestDescription guest = pinned({1, 2}, 1);
  guest.emulator = CpuSet{0};
  EXPECT_EQ(lines_of(find_faults(hybrid_host, guest)),
            Words{"note: the emulator has a P-core (CPU 0); slower cores are free, and would do "
                  "for it"});
  guest = pinned({1, 2, 3, 4}, 1);
  guest.emulator = CpuSet{0};
  EXPECT_EQ(lines_of(find_faults(hybrid_host, guest)),
            (Words{"emulator-on-fast-core: the emulator has a P-core (CPU 0), while vCPUs are on "
                   "slower cores; a slower core would do for it",
                   "-vcpu vcpunum=3,affinity=0", "-emulatorpin affinity=5-7"}));
}

} // namespace
