/*
 * A plan's text in every format, and the plan that JSON is read back as.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "plan/formats.h"

#include <gtest/gtest.h>

#include <functional>

namespace {

using qemu_pin::Format;
using qemu_pin::in_format;
using qemu_pin::PinPlan;
using Json = nlohmann::ordered_json;

PinPlan example() {
  PinPlan plan;
  plan.topology = {4, 1, 2, 2};
  plan.vcpus = {"1", "9", "2", "10"};
  plan.emulator = "0,4-5";
  plan.iothreads = {{"io0", "8"}, {"io1", ""}};
  plan.disks = {"io0", "io1", "io0"};
  plan.topoext = true;
  return plan;
}

PinPlan smallest() {
  PinPlan plan;
  plan.topology = {1, 1, 1, 1};
  plan.vcpus = {"3"};
  return plan;
}

TEST(QemuFormat, NamesEachPieceOfAListAnew) {
  EXPECT_EQ(in_format(example(), Format::qemu), "-smp 4,sockets=1,cores=2,threads=2\n"
                                                "-vcpu vcpunum=0,affinity=1\n"
                                                "-vcpu vcpunum=1,affinity=9\n"
                                                "-vcpu vcpunum=2,affinity=2\n"
                                                "-vcpu vcpunum=3,affinity=10\n"
                                                "-emulatorpin affinity=0,affinity=4-5\n"
                                                "-object iothread,id=io0\n"
                                                "-iothreadpin io0,affinity=8\n"
                                                "-object iothread,id=io1\n");
}

TEST(QemuFormat, SaysNothingOfWhatIsNotPinned) {
  EXPECT_EQ(in_format(smallest(), Format::qemu), "-smp 1,sockets=1,cores=1,threads=1\n"
                                                 "-vcpu vcpunum=0,affinity=3\n");
}

TEST(LibvirtFormat, HasTheElementsOfADomain) {
  EXPECT_EQ(in_format(example(), Format::libvirt),
            "<vcpu placement='static'>4</vcpu>\n"
            "<iothreads>2</iothreads>\n"
            "<cputune>\n"
            "  <vcpupin vcpu='0' cpuset='1'/>\n"
            "  <vcpupin vcpu='1' cpuset='9'/>\n"
            "  <vcpupin vcpu='2' cpuset='2'/>\n"
            "  <vcpupin vcpu='3' cpuset='10'/>\n"
            "  <emulatorpin cpuset='0,4-5'/>\n"
            "  <iothreadpin iothread='1' cpuset='8'/>\n"
            "</cputune>\n"
            "<cpu mode='host-passthrough'>\n"
            "  <topology sockets='1' dies='1' cores='2' threads='2'/>\n"
            "  <feature policy='require' name='topoext'/>\n"
            "</cpu>\n");
}

TEST(LibvirtFormat, SaysNothingOfWhatIsNotPinned) {
  EXPECT_EQ(in_format(smallest(), Format::libvirt),
            "<vcpu placement='static'>1</vcpu>\n"
            "<cputune>\n"
            "  <vcpupin vcpu='0' cpuset='3'/>\n"
            "</cputune>\n"
            "<cpu mode='host-passthrough'>\n"
            "  <topology sockets='1' dies='1' cores='1' threads='1'/>\n"
            "</cpu>\n");
}

TEST(CloudHypervisorFormat, IsOneArgument) {
  EXPECT_EQ(in_format(example(), Format::cloud_hypervisor),
            "--cpus boot=4,topology=2:2:1:1,affinity=[0@[1],1@[9],2@[2],3@[10]]\n");
}

TEST(CrosvmFormat, HasAColonBetweenVcpus) {
  EXPECT_EQ(in_format(example(), Format::crosvm), "--cpus 4\n--cpu-affinity 0=1:1=9:2=2:3=10\n");
}

TEST(CrosvmFormat, TurnsOffSiblingsThatTheGuestHasNot) {
  EXPECT_EQ(in_format(smallest(), Format::crosvm), "--cpus 1\n--no-smt\n--cpu-affinity 0=3\n");
}

TEST(JsonFormat, IsIndented) {
  PinPlan plan = smallest();
  plan.emulator = "0";
  plan.iothreads = {{"io0", "8"}};
  plan.disks = {"io0"};
  EXPECT_EQ(in_format(plan, Format::json), R"({
  "qemu-pin-plan": 1,
  "smp": {
    "cpus": 1,
    "sockets": 1,
    "cores": 1,
    "threads": 1
  },
  "vcpus": [
    "3"
  ],
  "emulator": "0",
  "iothreads": [
    {
      "id": "io0",
      "affinity": "8"
    }
  ],
  "disks": [
    "io0"
  ],
  "topoext": false
}
)");
}

TEST(JsonFormat, IsReadBackAsItWas) {
  for (const PinPlan &plan : {example(), smallest()}) {
    const auto read = qemu_pin::plan_from_json(to_json(plan));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(to_json(*read), to_json(plan));
    EXPECT_EQ(read->topology.cores, plan.topology.cores);
    EXPECT_EQ(read->vcpus, plan.vcpus);
    EXPECT_EQ(read->emulator, plan.emulator);
    EXPECT_EQ(read->iothreads.size(), plan.iothreads.size());
    EXPECT_EQ(read->disks, plan.disks);
    EXPECT_EQ(read->topoext, plan.topoext);
  }
}

TEST(JsonFormat, MayGiveAVcpuManyCpus) {
  PinPlan plan = smallest();
  plan.vcpus = {"0-3,8"};
  const auto read = qemu_pin::plan_from_json(to_json(plan));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(in_format(*read, Format::qemu), "-smp 1,sockets=1,cores=1,threads=1\n"
                                            "-vcpu vcpunum=0,affinity=0-3,affinity=8\n");
}

std::string refusal(const std::string &text) {
  const auto plan = qemu_pin::plan_from_json(text);
  return plan ? "read" : plan.error().message;
}

TEST(BadJson, IsToldWhereItEnds) {
  EXPECT_EQ(refusal(""), "this is not JSON (byte 1)");
  EXPECT_EQ(refusal("{\"qemu-pin-plan\": 1,}"), "this is not JSON (byte 21)");
  EXPECT_EQ(refusal(to_json(example()) + "x").find("this is not JSON"), 0U);
}

TEST(BadJson, ThatWouldTakeAllMemoryIsRefused) {
  EXPECT_EQ(refusal(std::string(4U << 20, '[')), "this JSON is nested too deep");
  EXPECT_EQ(refusal("{\"qemu-pin-plan\": 1e400}"),
            "a number in it is larger than any that a program can hold");
}

TEST(BadJson, OfAnotherKindIsNoPlan) {
  for (const char *text : {"{}", "[]", "1", "null", "\"qemu-pin-plan\""})
    EXPECT_EQ(refusal(text), "this is no plan of qemu-pin's (qemu-pin-plan is missing)") << text;
}

struct Damage {
  const char *name;
  std::function<void(Json &)> damage;
  const char *message; /* how it starts */
};

const Damage damages[] = {
    {"Version", [](Json &plan) { plan["qemu-pin-plan"] = 2; },
     "qemu-pin-plan: version 2 is not 1, which is all that is read here"},
    {"VersionText", [](Json &plan) { plan["qemu-pin-plan"] = "1"; },
     "qemu-pin-plan: version \"1\" is not 1"},
    {"NoSmp", [](Json &plan) { plan.erase("smp"); }, "smp: is missing"},
    {"SmpList", [](Json &plan) { plan["smp"] = Json::array(); }, "cpus: is missing"},
    {"NoCpus", [](Json &plan) { plan["smp"].erase("cpus"); }, "cpus: is missing"},
    {"NoSockets", [](Json &plan) { plan["smp"].erase("sockets"); }, "sockets: is missing"},
    {"ZeroCores", [](Json &plan) { plan["smp"]["cores"] = 0; },
     "cores: is not a number of at least 1"},
    {"NegativeCores", [](Json &plan) { plan["smp"]["cores"] = -2; },
     "cores: is not a number of at least 1"},
    {"HugeCores", [](Json &plan) { plan["smp"]["cores"] = 1ULL << 40; },
     "cores: is not a number of at least 1"},
    {"TextThreads", [](Json &plan) { plan["smp"]["threads"] = "2"; },
     "threads: is not a number of at least 1"},
    {"FractionThreads", [](Json &plan) { plan["smp"]["threads"] = 1.5; },
     "threads: is not a number of at least 1"},
    {"Product", [](Json &plan) { plan["smp"]["cores"] = 3; },
     "smp: cpus is not sockets * cores * threads"},
    {"NoVcpus", [](Json &plan) { plan.erase("vcpus"); }, "vcpus: is missing"},
    {"VcpusText", [](Json &plan) { plan["vcpus"] = "0-3"; }, "vcpus: is not a list"},
    {"VcpuNumber", [](Json &plan) { plan["vcpus"][2] = 2; }, "vcpus[2]: is not a string"},
    {"VcpuList", [](Json &plan) { plan["vcpus"][1] = "9-"; }, "vcpus[1]: "},
    {"VcpuEmpty", [](Json &plan) { plan["vcpus"][3] = ""; }, "vcpus[3]: "},
    {"VcpusFew", [](Json &plan) { plan["vcpus"].erase(3); }, "vcpus: has 3 entries for 4 vCPUs"},
    {"EmulatorNumber", [](Json &plan) { plan["emulator"] = 0; }, "emulator: is not a string"},
    {"EmulatorList", [](Json &plan) { plan["emulator"] = "0,x"; }, "emulator: "},
    {"NoIothreads", [](Json &plan) { plan.erase("iothreads"); }, "iothreads: is missing"},
    {"IothreadsObject", [](Json &plan) { plan["iothreads"] = Json::object(); },
     "iothreads: is not a list"},
    {"IothreadText", [](Json &plan) { plan["iothreads"][1] = "io1"; },
     "iothreads[1].id: is missing"},
    {"IothreadNoId", [](Json &plan) { plan["iothreads"][0].erase("id"); },
     "iothreads[0].id: is missing"},
    {"IothreadIdNumber", [](Json &plan) { plan["iothreads"][0]["id"] = 0; },
     "iothreads[0].id: is not a string"},
    /* It becomes part of an argument, which a shell may read. */
    {"IothreadIdOption", [](Json &plan) { plan["iothreads"][0]["id"] = "a,poll-max-ns=0"; },
     "iothreads[0].id: 'a,poll-max-ns=0' is not an identifier of QEMU's"},
    {"IothreadIdShell", [](Json &plan) { plan["iothreads"][0]["id"] = "a;reboot"; },
     "iothreads[0].id: 'a;reboot' is not an identifier of QEMU's"},
    {"IothreadIdDigit", [](Json &plan) { plan["iothreads"][0]["id"] = "0"; },
     "iothreads[0].id: '0' is not an identifier of QEMU's"},
    {"IothreadIdEmpty", [](Json &plan) { plan["iothreads"][0]["id"] = ""; },
     "iothreads[0].id: '' is not an identifier of QEMU's"},
    {"IothreadTwice", [](Json &plan) { plan["iothreads"][1]["id"] = "io0"; },
     "iothreads[1].id: there is another 'io0'"},
    {"IothreadList", [](Json &plan) { plan["iothreads"][0]["affinity"] = "8-7"; },
     "iothreads[0].affinity: "},
    {"NoDisks", [](Json &plan) { plan.erase("disks"); }, "disks: is missing"},
    {"DiskNumber", [](Json &plan) { plan["disks"][0] = 0; }, "disks: is not a string"},
    {"DiskOfNone", [](Json &plan) { plan["disks"][1] = "io7"; },
     "disks: there is no iothread 'io7'"},
    {"NoTopoext", [](Json &plan) { plan.erase("topoext"); }, "topoext: is missing"},
    {"TopoextNumber", [](Json &plan) { plan["topoext"] = 1; },
     "topoext: is neither true nor false"},
};

class BadPlan : public testing::TestWithParam<Damage> {};

TEST_P(BadPlan, IsRefusedByTheNameOfThePiece) {
  Json plan = Json::parse(to_json(example()));
  GetParam().damage(plan);
  const std::string message = refusal(plan.dump());
  EXPECT_EQ(message.substr(0, std::string(GetParam().message).size()), GetParam().message);
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(Damages, BadPlan, testing::ValuesIn(damages),
                         [](const auto &info) { return info.param.name; });

TEST(Unsaid, IsNothingInOurOwnWords) {
  for (Format format : {Format::qemu, Format::json})
    EXPECT_TRUE(unsaid(example(), format).empty());
}

TEST(Unsaid, IsTheNamesOfIothreadsToLibvirt) {
  EXPECT_EQ(unsaid(example(), Format::libvirt),
            (std::vector<std::string>{
                "io0 is iothread 1 to libvirt: <driver iothread='...'> of a disk",
                "io1 is iothread 2 to libvirt: <driver iothread='...'> of a disk"}));
}

TEST(Unsaid, IsTheHostsThreadsToCloudHypervisor) {
  EXPECT_EQ(unsaid(example(), Format::cloud_hypervisor),
            (std::vector<std::string>{
                "Cloud Hypervisor pins vCPUs only: start it under taskset --cpu-list 0,4-5 to keep "
                "its other threads off the guest's CPUs",
                "Cloud Hypervisor has no iothreads to pin"}));
}

TEST(Unsaid, IsSocketsAndManyThreadsToCrosvm) {
  PinPlan plan = smallest();
  plan.topology = {8, 2, 1, 4};
  EXPECT_EQ(unsaid(plan, Format::crosvm),
            (std::vector<std::string>{"crosvm knows cores of one thread or two",
                                      "crosvm gives its guests one socket"}));
}

TEST(Unsaid, IsNothingOfAPlanOfVcpusOnly) {
  for (Format format : {Format::libvirt, Format::cloud_hypervisor, Format::crosvm})
    EXPECT_TRUE(unsaid(smallest(), format).empty());
}

} // namespace
