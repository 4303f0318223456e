/*
 * vCPUs that come and go while the machine runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "harness/cpuset.h"
#include "harness/offline_cpu.h"
#include "pinning_test.h"

#include "base/fd.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

/*
 * QEMU's qtest protocol, over which we write to the machine's ports as its firmware
 * would. The ports are those of ACPI CPU hotplug of machine type pc:
 * docs/specs/acpi_cpu_hotplug in QEMU's source.
 */
class Ports {
public:
  explicit Ports(const std::string &path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    connected_ =
        connect(socket_.number(), reinterpret_cast<sockaddr *>(&address), sizeof address) == 0;
  }

  /* Whether QEMU has done it. */
  bool eject_vcpu(unsigned slot) {
    return command("outb 0xaf00 0") && command("outl 0xaf00 " + std::to_string(slot)) &&
           command("outb 0xaf04 8");
  }

private:
  bool command(const std::string &text) {
    const std::string line = text + "\n";
    if (!connected_ || write(socket_.number(), line.data(), line.size()) < 0)
      return false;
    std::string answer;
    for (char byte = 0; byte != '\n' && read(socket_.number(), &byte, 1) == 1;)
      answer += byte;
    return answer == "OK\n";
  }

  qemu_pin::Fd socket_;
  bool connected_ = false;
};

class Hotplug : public PinningTestWithFiles {
protected:
  /* One vCPU of four, 1 to 3 pinned; and the way to its ports. */
  GuestSpec machine() const {
    GuestSpec spec =
        with(pinned({{1, b}, {2, a}, {3, b}}),
             {"-emulatorpin", "affinity=" + a, "-qtest",
              "unix:" + files_->file("qtest") + ",server=on,wait=off", "-qtest-log", "/dev/null"});
    spec.smp = "1,maxcpus=4,sockets=4,cores=1,threads=1";
    return spec;
  }

  /* Unpatched QEMU 7.2 too loses its heap now and then when TCG's vCPU is unplugged. */
  static bool unplugging_crashes() {
    return GetParam().name.starts_with("qemu_7_") && GetParam().accelerator.starts_with("tcg");
  }

  /* "" or why not. */
  static std::string plug(Guest &guest, unsigned vcpu) {
    auto slots = guest.monitor().execute("query-hotpluggable-cpus");
    if (!slots)
      return slots.error().message;
    for (const auto &slot : *slots) {
      if (slot["props"]["socket-id"] != vcpu)
        continue;
      nlohmann::json arguments = slot["props"];
      arguments["driver"] = slot["type"];
      arguments["id"] = "cpu" + std::to_string(vcpu);
      return execute(guest, "device_add", arguments);
    }
    return "no such slot";
  }

  /* For one that will be refused: QEMU waits then until every vCPU has left the code that it
   * runs (drain_call_rcu). QEMU 10's TCG may lose the request to leave, and waits for ever
   * where the guest has no interrupts, as ours; so that waits too. */
  static std::string refused_plug(Guest &guest, unsigned vcpu) {
    const bool emulated = GetParam().accelerator.starts_with("tcg");
    EXPECT_EQ(emulated ? execute(guest, "stop") : "", "");
    std::string answer = plug(guest, vcpu);
    EXPECT_EQ(emulated ? execute(guest, "cont") : "", "");
    return answer;
  }

  void unplug(Guest &guest, unsigned vcpu) const {
    /* QEMU takes one connection at a time. */
    ASSERT_TRUE(Ports(files_->file("qtest")).eject_vcpu(vcpu));
    auto vcpus = guest.vcpu_threads();
    ASSERT_TRUE(vcpus);
    ASSERT_FALSE(vcpus->contains(vcpu)) << "the vCPU is still there";
  }
};

} // namespace

/*
 * Guest code runs first: it wakes whoever is there, and QEMU, unpatched too, ends
 * when a vCPU comes again that has run, where KVM takes no CPUID after that.
 * No more than four threads in all: TCG has no room for more than maxcpus.
 */
TEST_P(Hotplug, PinsHoldForVcpusThatComeAndComeAgain) {
  if (unplugging_crashes())
    GTEST_SKIP() << "QEMU 7.2 may crash when a vCPU of TCG is unplugged, patched or not";
  auto guest = running(machine(), 1);
  ASSERT_TRUE(guest);
  EXPECT_EQ(differences(*guest, {{{0, {start}}}, {a}}), none);
  EXPECT_EQ(plug(*guest, 3), "");
  EXPECT_EQ(differences(*guest, {{{0, {start}}, {3, {b}}}, {a}}), none);
  unplug(*guest, 3);
  EXPECT_EQ(differences(*guest, {{{0, {start}}}, {a}}), none);
  EXPECT_EQ(plug(*guest, 3), "");
  EXPECT_EQ(plug(*guest, 2), "");
  EXPECT_EQ(differences(*guest, {{{0, {start}}, {2, {a}}, {3, {b}}}, {a}}), none);
}

TEST_P(Hotplug, TheTreeShowsTheVcpusThatAreThere) {
  if (unplugging_crashes())
    GTEST_SKIP() << "QEMU 7.2 may crash when a vCPU of TCG is unplugged, patched or not";
  auto guest = running(machine(), 1);
  ASSERT_TRUE(guest);
  const auto affinity_of_3 = [&] {
    auto value = guest->monitor().execute(
        "qom-get", {{"path", "/machine/pinning/vcpu[3]"}, {"property", "affinity"}});
    return value ? value->get<std::string>() : "none";
  };
  EXPECT_EQ(affinity_of_3(), "none");
  EXPECT_EQ(plug(*guest, 3), "");
  EXPECT_EQ(affinity_of_3(), b);
  unplug(*guest, 3);
  EXPECT_EQ(affinity_of_3(), "none");
  EXPECT_EQ(plug(*guest, 3), "");
  EXPECT_EQ(affinity_of_3(), b);
}

TEST_P(Hotplug, WhenTheCpuIsOfflineTheVcpuDoesNotCome) {
  auto guest = running(machine(), 1);
  ASSERT_TRUE(guest);
  {
    const auto offline = OfflineCpu::take(b);
    if (!offline)
      GTEST_SKIP() << offline.error().message;
    EXPECT_NE(refused_plug(*guest, 3), "");
    auto vcpus = guest->vcpu_threads();
    ASSERT_TRUE(vcpus) << guest->errors();
    EXPECT_EQ(vcpus->size(), 1U);
  }
  EXPECT_EQ(plug(*guest, 3), "");
  auto vcpus = guest->vcpu_threads();
  ASSERT_TRUE(vcpus);
  EXPECT_EQ(masks(guest->pid(), {{3, (*vcpus)[3]}}), (Masks{{3, b}}));
}

/* The CPU goes by way of the cpuset: to the kernel that is as good as offline. */
TEST_P(Hotplug, WhenTheCpuHasGoneTheVcpuDoesNotCome) {
  auto cpuset = Cpuset::make(both);
  if (!cpuset)
    GTEST_SKIP() << "no cpuset can be made: " << cpuset.error().message;
  GuestSpec spec = machine();
  spec.cgroup = cpuset->folder();
  auto guest = running(spec, 1);
  ASSERT_TRUE(guest);
  ASSERT_TRUE(cpuset->set_cpus(a));
  EXPECT_EQ(refused_plug(*guest, 3), "vCPU 3: the kernel refuses to pin this thread to host CPU " +
                                         b + ": no such CPU is online in this process's cpuset");
  auto vcpus = guest->vcpu_threads();
  ASSERT_TRUE(vcpus) << guest->errors();
  EXPECT_EQ(vcpus->size(), 1U);
  EXPECT_EQ(plug(*guest, 2), "");

  ASSERT_TRUE(cpuset->set_cpus(both));
  EXPECT_EQ(plug(*guest, 3), "");
  vcpus = guest->vcpu_threads();
  ASSERT_TRUE(vcpus);
  EXPECT_EQ(masks(guest->pid(), {{3, (*vcpus)[3]}}), (Masks{{3, b}}));
}

/* While a vCPU is absent, it has a thread context with its pin to be created from. */
TEST_P(Hotplug, UnderASandboxPinsHoldForVcpusThatComeAndComeAgain) {
  if (unplugging_crashes())
    GTEST_SKIP() << "QEMU 7.2 may crash when a vCPU of TCG is unplugged, patched or not";
  auto guest = running(
      with(machine(),
           {"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"}),
      1);
  ASSERT_TRUE(guest);
  const auto sleeping = [&](std::size_t threads, const Asked &asked) {
    EXPECT_EQ(differences(*guest, asked).size(), threads);
  };
  /* One for the two that share a pin; the other's is the emulator's. */
  sleeping(1, {{{0, {start}}}, {a}});
  EXPECT_EQ(plug(*guest, 1), "");
  sleeping(1, {{{0, {start}}, {1, {b}}}, {a}});
  EXPECT_EQ(plug(*guest, 3), "");
  EXPECT_EQ(differences(*guest, {{{0, {start}}, {1, {b}}, {3, {b}}}, {a}}), none);
  unplug(*guest, 3);
  sleeping(1, {{{0, {start}}, {1, {b}}}, {a}});
  EXPECT_EQ(plug(*guest, 3), "");
  EXPECT_EQ(differences(*guest, {{{0, {start}}, {1, {b}}, {3, {b}}}, {a}}), none);
}

INSTANTIATE_TEST_SUITE_P(Pinning, Hotplug, testing::ValuesIn(machines({"kvm", "tcg,thread=multi"})),
                         machine_name);
