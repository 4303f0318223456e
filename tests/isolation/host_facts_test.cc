/* What qemu-pin host tells of a host. SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfio_host.h"

#include "host/cpu_facts.h"
#include "host/iommu_group.h"
#include "host/kernel_facts.h"
#include "host/memory_facts.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace {

using qemu_pin::CpuSet;
using qemu_pin::HostFact;
using qemu_pin::HostFacts;
using qemu_pin::Mark;

HostFact fact_named(const HostFacts &facts, const std::string &name) {
  for (const HostFact &fact : facts)
    if (fact.name == name)
      return fact;
  ADD_FAILURE() << "there is no fact " << name;
  return {};
}

CpuSet all_cpus() {
  return *qemu_pin::read_cpu_set("0-31");
}

HostFact cpu_fact(const VfioHost &folder, const std::string &name) {
  return fact_named(cpu_facts(folder.host(), all_cpus()), name);
}

HostFact kernel_fact(const VfioHost &folder, const std::string &name) {
  return fact_named(kernel_facts(folder.host()), name);
}

HostFact memory_fact(const VfioHost &folder, const std::string &name) {
  return fact_named(memory_facts(folder.host()), name);
}

void link_to(const VfioHost &folder, const std::string &name, const std::string &target) {
  folder.write(name + ".beside", ""); /* makes the folders */
  std::filesystem::create_symlink(target, folder.path(name));
}

TEST(HostFacts, AnEmptyFolderTellsNothing) {
  const TempDir empty;
  const qemu_pin::Host host(empty.path());
  for (const HostFacts &facts : {cpu_facts(host, {}), memory_facts(host), kernel_facts(host)})
    for (const HostFact &fact : facts)
      EXPECT_NE(fact.mark, Mark::problem) << fact.name << " " << fact.value;
  for (const char *name :
       {"cgroup", "numad", "irqbalance", "sched_ext", "core-sched", "halt-poll", "limits"})
    EXPECT_EQ(fact_named(kernel_facts(host), name).mark, Mark::unknown) << name;
  EXPECT_EQ(fact_named(memory_facts(host), "memory").mark, Mark::unknown);
  EXPECT_EQ(fact_named(cpu_facts(host, {}), "cpus").mark, Mark::unknown);
}

TEST(HostFacts, CpusThatPinsCannotHaveAreProblems) {
  const VfioHost folder;
  EXPECT_EQ(cpu_fact(folder, "cpus").mark, Mark::ok);
  const HostFact narrow = fact_named(cpu_facts(folder.host(), {0, 1}), "cpus");
  EXPECT_EQ(narrow.mark, Mark::problem);
  EXPECT_EQ(narrow.value, "0-31 online; this process may not use 2-31");
  folder.write("/sys/devices/system/cpu/present", "0-33");
  const HostFact offline = cpu_fact(folder, "cpus");
  EXPECT_EQ(offline.mark, Mark::problem);
  EXPECT_EQ(offline.value, "0-31 online; 32-33 offline");
  folder.write("/sys/devices/system/cpu/smt/control", "off");
  EXPECT_EQ(cpu_fact(folder, "cpus").mark, Mark::ok);
}

TEST(HostFacts, IsolatedCpusAreTold) {
  const VfioHost folder;
  EXPECT_EQ(cpu_fact(folder, "isolated").value, "none (isolcpus, nohz_full)");
  folder.write("/sys/devices/system/cpu/isolated", "4-7");
  folder.write("/sys/devices/system/cpu/nohz_full", "(null)");
  EXPECT_EQ(cpu_fact(folder, "isolated").value, "isolcpus 4-7, nohz_full none");
}

TEST(HostFacts, AGovernorThatIsNotPerformanceIsNoted) {
  const VfioHost folder;
  EXPECT_EQ(cpu_fact(folder, "governor").mark, Mark::note);
  EXPECT_EQ(cpu_fact(folder, "governor").value, "schedutil on 0-31");
  for (unsigned cpu = 0; cpu < VfioHost::cpus; ++cpu)
    folder.write("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cpufreq/scaling_governor",
                 "performance");
  EXPECT_EQ(cpu_fact(folder, "governor").mark, Mark::ok);
}

TEST(HostFacts, TheDeepestSleepThatIsNotDisabledIsTold) {
  const VfioHost folder;
  EXPECT_EQ(cpu_fact(folder, "c-states").mark, Mark::unknown);
  const std::string states = "/sys/devices/system/cpu/cpu3/cpuidle/";
  folder.write("/sys/devices/system/cpu/cpuidle/current_driver", "intel_idle");
  folder.write(states + "state0/name", "POLL");
  folder.write(states + "state0/latency", "0");
  folder.write(states + "state1/name", "C6");
  folder.write(states + "state1/latency", "133");
  folder.write(states + "state1/disable", "0");
  EXPECT_EQ(cpu_fact(folder, "c-states").value, "deepest C6 (133 us to wake), driver intel_idle");
  EXPECT_EQ(cpu_fact(folder, "c-states").mark, Mark::note);
  folder.write(states + "state1/disable", "1");
  EXPECT_EQ(cpu_fact(folder, "c-states").value, "deepest POLL (0 us to wake), driver intel_idle");
  EXPECT_EQ(cpu_fact(folder, "c-states").mark, Mark::ok);
}

TEST(HostFacts, MemoryAndHugepagesAreToldByNode) {
  const VfioHost folder;
  folder.write("/sys/devices/system/node/node0/meminfo", "Node 0 MemTotal:       33554432 kB");
  folder.write("/sys/devices/system/node/node1/meminfo", "Node 1 MemTotal:       0 kB");
  EXPECT_EQ(
      memory_fact(folder, "memory").value,
      "node 0: 32 GiB, CPUs 0-7,16-23; node 1: no memory, CPUs 8-15,24-31; node 2: memory not "
      "known, no CPUs");
  EXPECT_EQ(memory_fact(folder, "hugepages").mark, Mark::unknown);
  folder.write("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "0");
  folder.write("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "0");
  EXPECT_EQ(memory_fact(folder, "hugepages").value, "none (sizes: 2 MiB, 1 GiB)");
  EXPECT_EQ(memory_fact(folder, "hugepages").mark, Mark::note);
  const std::string pool = "/sys/devices/system/node/node1/hugepages/hugepages-1048576kB/";
  folder.write(pool + "nr_hugepages", "16");
  folder.write(pool + "free_hugepages", "12");
  EXPECT_EQ(memory_fact(folder, "hugepages").value, "node 1: 16 of 1 GiB (12 free)");
  EXPECT_EQ(memory_fact(folder, "hugepages").mark, Mark::ok);
}

TEST(HostFacts, TheGroupOfADeviceIsTold) {
  const VfioHost folder;
  const std::string devices = "/sys/bus/pci/devices/";
  const auto add = [&](const std::string &device, const std::string &type,
                       const std::string &driver) {
    folder.write(devices + device + "/class", type + "");
    folder.write("/sys/kernel/iommu_groups/14/devices/" + device, "");
    link_to(folder, devices + device + "/iommu_group", "../../../../kernel/iommu_groups/14");
    if (!driver.empty())
      link_to(folder, devices + device + "/driver", "../../../../bus/pci/drivers/" + driver);
  };
  add("0000:03:00.0", "0x030000", "vfio-pci");
  add("0000:00:01.0", "0x060400", "pcieport");
  auto fact = iommu_fact(folder.host(), "03:00.0");
  ASSERT_TRUE(fact) << fact.error().message;
  EXPECT_EQ(fact->mark, Mark::ok);
  EXPECT_EQ(fact->value, "group 14: 0000:00:01.0 (pcieport), 0000:03:00.0 (vfio-pci)");
  add("0000:03:00.1", "0x040300", "snd_hda_intel");
  fact = iommu_fact(folder.host(), "0000:03:00.0");
  ASSERT_TRUE(fact) << fact.error().message;
  EXPECT_EQ(fact->mark, Mark::note);
  EXPECT_EQ(fact->advice, "0000:03:00.1 must be given to vfio-pci too");
  const auto missing = iommu_fact(folder.host(), "09:00.0");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "there is no PCI device 09:00.0");
  EXPECT_EQ(iommu_fact(folder.host(), "")->value, "on: 1 group");
}

TEST(HostFacts, AnIommuThatIsOffIsSaid) {
  const VfioHost folder;
  folder.write("/sys/bus/pci/devices/0000:03:00.0/class", "0x030000");
  const auto fact = iommu_fact(folder.host(), "03:00.0");
  ASSERT_TRUE(fact) << fact.error().message;
  EXPECT_EQ(fact->mark, Mark::note);
  EXPECT_EQ(fact->value, "off: there are no groups");
}

TEST(HostFacts, TheManagerOfControlGroupsIsTold) {
  const VfioHost folder;
  folder.mount_v2();
  EXPECT_EQ(kernel_fact(folder, "cgroup").value, "v2 at /sys/fs/cgroup, no manager known");
  folder.write("/proc/1/comm", "systemd");
  EXPECT_EQ(kernel_fact(folder, "cgroup").value, "v2 at /sys/fs/cgroup, managed by systemd");
  folder.mount_v1();
  EXPECT_EQ(kernel_fact(folder, "cgroup").value,
            "v1 cpuset at /sys/fs/cgroup/cpuset, managed by systemd");
}

TEST(HostFacts, ADaemonThatMovesThreadsIsAProblemAndOneThatMovesInterruptsIsNot) {
  const VfioHost folder;
  folder.write("/proc/1/comm", "init");
  EXPECT_EQ(kernel_fact(folder, "numad").mark, Mark::ok);
  EXPECT_EQ(kernel_fact(folder, "irqbalance").mark, Mark::ok);
  folder.write("/proc/77/comm", "numad");
  EXPECT_EQ(kernel_fact(folder, "numad").mark, Mark::problem);
}

TEST(HostFacts, ABpfSchedulerIsNotedByName) {
  const VfioHost folder;
  folder.write("/sys/kernel/sched_ext/state", "disabled");
  EXPECT_EQ(kernel_fact(folder, "sched_ext").mark, Mark::ok);
  folder.write("/sys/kernel/sched_ext/state", "enabled");
  folder.write("/sys/kernel/sched_ext/root/ops", "lavd");
  EXPECT_EQ(kernel_fact(folder, "sched_ext").mark, Mark::note);
  EXPECT_EQ(kernel_fact(folder, "sched_ext").value, "enabled: lavd");
}

TEST(HostFacts, ACapturedKernelTellsOfCoreSchedulingByItsConfiguration) {
  const VfioHost folder;
  folder.write("/proc/sys/kernel/osrelease", "6.1.0-test");
  EXPECT_EQ(kernel_fact(folder, "core-sched").mark, Mark::unknown);
  folder.write("/boot/config-6.1.0-test", "CONFIG_SMP=y\n# CONFIG_SCHED_CORE is not set");
  EXPECT_EQ(kernel_fact(folder, "core-sched").value, "not in this kernel");
  folder.write("/boot/config-6.1.0-test", "CONFIG_SMP=y\nCONFIG_SCHED_CORE=y");
  EXPECT_EQ(kernel_fact(folder, "core-sched").value, "in this kernel");
}

TEST(HostFacts, HaltPollingIsToldInMicroseconds) {
  const VfioHost folder;
  folder.write("/sys/module/kvm/parameters/halt_poll_ns", "200000");
  EXPECT_EQ(kernel_fact(folder, "halt-poll").value, "200 us before an idle vCPU's thread sleeps");
}

TEST(HostFacts, WhatIsolateNeedsAndLacksIsTold) {
  const VfioHost folder;
  folder.mount_v2();
  folder.write("/sys/fs/cgroup/system.slice/cpuset.cpus.partition", "member");
  EXPECT_EQ(kernel_fact(folder, "steps").value,
            "cpuset controller, cpuset.cpus.partition, writable /proc/irq; lacks tracefs");
  folder.write("/sys/kernel/tracing/events/enable", "0");
  EXPECT_EQ(kernel_fact(folder, "steps").mark, Mark::ok);
}

TEST(HostFacts, LimitsAreNotedWhereNoCapabilityLiftsThem) {
  const VfioHost folder;
  folder.write("/proc/self/limits",
               "Limit                     Soft Limit           Hard Limit           Units\n"
               "Max locked memory         8388608              8388608              bytes\n"
               "Max nice priority         0                    0\n"
               "Max realtime priority     0                    0");
  EXPECT_EQ(kernel_fact(folder, "limits").mark, Mark::note);
  EXPECT_EQ(kernel_fact(folder, "limits").value, "RTPRIO 0, MEMLOCK 8388608 bytes, NICE 0");
  folder.write("/proc/self/status", "Name:\tx\nCapEff:\t0000000000804000");
  EXPECT_EQ(kernel_fact(folder, "limits").mark, Mark::ok);
}

} // namespace
