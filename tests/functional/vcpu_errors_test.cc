/*
 * A pin that cannot hold: one line that names the piece, status 1, and no guest code has run. The
 * sentences are the library's, whose own tests have them whole.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "harness/cpuset.h"
#include "harness/offline_cpu.h"
#include "pinning_test.h"

#include <filesystem>

namespace {

/* present, online or offline: CPU lists of the host. */
std::string host_cpus(const std::string &which) {
  const std::string text = read_text("/sys/devices/system/cpu/" + which);
  return text.substr(0, text.find('\n'));
}

/* For the hosts and lists of these tests: all of them have two CPUs or more. */
std::string cpus(const std::string &list) {
  return "CPUs " + list;
}

class VcpuErrors : public PinningTest {
protected:
  /* The last of the values is the one complained about. */
  void refused(const std::vector<std::string> &values, const std::string &message,
               const std::string &smp = "2") {
    GuestSpec spec = this->spec();
    spec.smp = smp;
    for (const std::string &value : values)
      spec.more.insert(spec.more.end(), {"-vcpu", value});
    expect_refused(spec, " -vcpu " + values.back() + ": " + message);
  }
};

} // namespace

TEST_P(VcpuErrors, AMissingValueIsNamed) {
  refused({"affinity=0"}, "vcpunum is missing");
  refused({"vcpunum=,affinity=0"}, "vcpunum is missing");
  refused({"0"}, "affinity is missing");
  refused({"0,affinity="}, "affinity: ");
  refused({"0,affinity=0,affinity="}, "affinity: ");
}

TEST_P(VcpuErrors, AVcpunumThatIsNoNumberIsQuoted) {
  refused({"x,affinity=0"}, "vcpunum: 'x'");
  refused({"-1,affinity=0"}, "vcpunum: '-1'");
  refused({"0x1,affinity=0"}, "vcpunum: '0x1'");
  refused({"0-1,affinity=0"}, "vcpunum: '0-1'");
  refused({" 1,affinity=0"}, "vcpunum: ' 1'");
}

TEST_P(VcpuErrors, AVcpuThatTheMachineCannotHaveIsRefusedWithTheRange) {
  refused({"2,affinity=0"}, "vCPU 2 does not exist (this machine has vCPUs 0-1)");
  refused({"4294967296,affinity=0"}, "vCPU 4294967296 ");
  refused({"99999999999999999999,affinity=0"}, "vCPU 99999999999999999999 ");
  refused({"1,affinity=0"}, "vCPU 1 does not exist (this machine has vCPU 0 only)", "1");
}

TEST_P(VcpuErrors, ACpuListThatIsWrongIsRefusedWithThePiece) {
  refused({"0,affinity=x"}, "affinity: 'x'");
  refused({"0,affinity=-1"}, "affinity: '-1'");
  refused({"0,affinity=0-"}, "affinity: '0-'");
  refused({"0,affinity=0,,1x"}, "affinity: '1x'");
  refused({"0,affinity=1-0"}, "affinity: '1-0'");
  refused({"0,affinity=0-1:0"}, "affinity: '0-1:0'");
  refused({"0,affinity=0,,,,1"}, "affinity: '0,,1'");
  refused({"0,affinity=0,,^0"}, "affinity: '0,^0'");
  refused({"0,affinity= 0"}, "affinity: ' 0'");
  refused({"0,affinity=99999999999999999999"}, "affinity: '99999999999999999999'");
}

TEST_P(VcpuErrors, ACpuThatTheHostLacksIsRefusedWithThoseItHas) {
  if (std::filesystem::exists("/sys/devices/system/cpu/cpu99"))
    GTEST_SKIP() << "this host has a CPU 99";
  refused({"0,affinity=99"},
          "host CPU 99 does not exist (this host has " + cpus(host_cpus("present")) + ")");
  refused({"0,affinity=" + a + ",,99"}, "host CPU 99 ");
  refused({"1,affinity=" + a, "0,affinity=99"}, "host CPU 99 ");
}

TEST_P(VcpuErrors, AnOfflineCpuIsRefusedWithThoseOnline) {
  const auto offline = OfflineCpu::take(b);
  if (!offline)
    GTEST_SKIP() << offline.error().message;
  refused({"0,affinity=" + b},
          "host CPU " + b + " is offline (online: " + host_cpus("online") + ")");
}

TEST_P(VcpuErrors, ACpuOutsideTheCpusetIsRefusedWithTheSet) {
  auto cpuset = Cpuset::make(a);
  if (!cpuset)
    GTEST_SKIP() << "no cpuset can be made: " << cpuset.error().message;
  GuestSpec spec = pinned({{0, b}});
  spec.cgroup = cpuset->folder();
  expect_refused(spec, " -vcpu 0,affinity=" + b + ": host CPU " + b +
                           " is outside the set this process may use (" + a + ")");
}

TEST_P(VcpuErrors, AVcpuMayBePinnedOnce) {
  refused({"0,affinity=" + a, "0,affinity=" + b},
          "vCPU 0 is pinned already (to host CPU " + a + ")");
  refused({"0,affinity=" + both, "1,affinity=" + both, "vcpunum=0,affinity=" + both},
          "vCPU 0 is pinned already (to host " + cpus(both) + ")");
}

TEST_P(VcpuErrors, AnUnknownKeyIsNamed) {
  refused({"0,affinity=0,mask=1"}, "Invalid parameter 'mask'");
  refused({"0,affinity=0,vcpunum=1"}, "vcpunum is given twice");
}

TEST_P(VcpuErrors, AnErrorInAConfigurationFileIsNamedByItsLine) {
  auto folder = TempDir::make();
  ASSERT_TRUE(folder);
  const std::string file = folder->file("pins.conf");
  write_text(file, "[vcpu]\n  vcpunum = \"9\"\n  affinity = \"0\"\n");
  expect_refused(spec({"-readconfig", file}), file + ":3: vCPU 9 ");
}

TEST_P(VcpuErrors, ADaemonIsRefusedBeforeItGoesIntoTheBackground) {
  GuestSpec spec = pinned({{2, a}});
  spec.more.emplace_back("-daemonize");
  expect_refused(spec, " -vcpu 2,affinity=" + a + ": vCPU 2 ");
}

TEST_P(SharedThread, DifferentMasksAreRefused) {
  const std::string error = " -vcpu 1,affinity=" + a + ": vCPU 1 cannot be pinned to host CPU " +
                            a + ": all vCPUs share one thread, and vCPU 0 ";
  GuestSpec spec = pinned({{0, b}, {1, a}});
  expect_refused(spec, error);

  /* Counting instructions makes them share one, asked for or not. */
  spec.accelerator = "tcg";
  spec.more.insert(spec.more.end(), {"-icount", "shift=auto"});
  expect_refused(spec, error);
}

INSTANTIATE_TEST_SUITE_P(
    Pinning, VcpuErrors,
    testing::ValuesIn(machines({"kvm", "tcg,thread=multi", "tcg,thread=single"})), machine_name);
