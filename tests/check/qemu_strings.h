/*
 * Options of QEMU's, and what QEMU makes of them: the readers are tested with this table, and
 * so are real QEMUs (tests/machine/read_as_qemu_test.cc). All are for x86's machines.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_CHECK_QEMU_STRINGS_H
#define TESTS_CHECK_QEMU_STRINGS_H

#include <string>
#include <vector>

struct QemuString {
  std::vector<std::string> options;
  unsigned present, all;            /* vCPUs; 0: QEMU refuses the options */
  std::vector<unsigned> nodes = {}; /* that each vCPU is on; empty: not asked */
};

inline std::vector<std::string> with_two_backends(std::vector<std::string> more) {
  std::vector<std::string> all = {"-object", "memory-backend-ram,id=a,size=16M", "-object",
                                  "memory-backend-ram,id=b,size=16M"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

inline const std::vector<QemuString> qemu_strings = {
    {{}, 1, 1},
    {{"-smp", "4"}, 4, 4},
    {{"--smp", "4"}, 4, 4},
    {{"-smp", ""}, 1, 1},
    {{"-smp", "cpus=4,"}, 4, 4},
    {{"-smp", "0x8"}, 8, 8},
    {{"-smp", "010"}, 8, 8},
    {{"-smp", " 4"}, 4, 4},
    {{"-smp", "+4"}, 4, 4},
    {{"-smp", "4 "}, 0, 0},
    {{"-smp", "4.0"}, 0, 0},
    {{"-smp", "4k"}, 0, 0},
    {{"-smp", "four"}, 0, 0},
    {{"-smp", "-1"}, 0, 0},
    {{"-smp", ",4"}, 0, 0},
    {{"-smp", "4,,"}, 0, 0},
    {{"-smp", "4,cores"}, 0, 0},
    {{"-smp", "4,core=2"}, 0, 0},
    {{"-smp", "cores=2,4"}, 0, 0},
    {{"-smp"}, 0, 0},
    {{"-smp=4"}, 0, 0},
    {{"-smp", "4,maxcpus=8"}, 4, 8},
    {{"-smp", "maxcpus=8"}, 8, 8},
    {{"-smp", "8,maxcpus=4"}, 0, 0},
    {{"-smp", "2,maxcpus=8,cores=2,threads=2"}, 2, 8},
    {{"-smp", "8,sockets=1,cores=4"}, 8, 8},
    {{"-smp", "8,sockets=2,threads=2"}, 8, 8},
    {{"-smp", "sockets=2,cores=2,threads=2"}, 8, 8},
    {{"-smp", "8,dies=2"}, 8, 8},
    {{"-smp", "8,clusters=1"}, 8, 8},
    {{"-smp", "8,cores=3"}, 0, 0},
    {{"-smp", "8,sockets=1,cores=2,threads=2"}, 0, 0},
    {{"-smp", "2,cores=4"}, 0, 0},
    {{"-smp", "cpus=4,cpus=8"}, 8, 8},
    {{"-smp", "4", "-smp", "2"}, 2, 2},
    {{"-smp", "4,cores=4", "-smp", "cores=2"}, 4, 4},
    {{"-smp", "cores=4", "-smp", "8,sockets=2", "-smp", "threads=1"}, 8, 8},
    {{"-smp", "4,threads=2", "-smp", "3"}, 0, 0},
    {{"-machine", "q35,smp.cpus=8", "-smp", "4"}, 4, 4},
    {{"-smp", "4", "-machine", "smp.cpus=8"}, 8, 8},
    {{"-M", "smp.cores=2,smp.sockets=2"}, 4, 4},
    {{"-M", "type=pc,smp.cpus=2"}, 2, 2},
    {{"-M", "smp.core=2"}, 0, 0},
    {{"-M", "smp=4"}, 0, 0},
    {{"-M", "pc,smp.cpus"}, 0, 0},
    {{"-cpu", "max,topoext=off"}, 1, 1},
    {{"-cpu", "max,topoext=n"}, 1, 1},
    {{"-cpu", "max,-topoext"}, 1, 1},
    {{"-cpu", "max,,topoext=no"}, 1, 1},
    {{"-cpu", "max,topoext=maybe"}, 0, 0},
    {{"-cpu", "max,topoext=On"}, 0, 0},
    {{"-cpu", "max,topoext=maybe", "-cpu", "max"}, 1, 1},
    {{"-object", "iothread,id=a", "-object", "iothread,id=b"}, 1, 1},
    {{"-object", R"({"qom-type":"iothread","id":"a"})"}, 1, 1},
    {{"-object", R"({"qom-type":"iothread","id":"a")"}, 0, 0},
    {{"-object", "iothread"}, 0, 0},
    {{"-object", "iothread,id=a,threads=2"}, 0, 0},
    {{"-object", "iothread,id=a", "-object", "iothread,id=a"}, 0, 0},
    {{"-object", "memory-backend-ram,id=m,size=32M,host-nodes=0,policy=bind"}, 1, 1},
    {{"-object", "memory-backend-ram,id=m,size=32M,host-nodes=0-0,host-nodes=0x0,policy=bind"},
     1,
     1},
    {{"-object", R"({"qom-type":"memory-backend-ram","id":"m","size":33554432,"host-nodes":[0],)"
                 R"("policy":"bind"})"},
     1,
     1},
    {{"-object", "memory-backend-ram,id=m,size=32M,host-nodes=0"}, 0, 0},
    {{"-object", "memory-backend-ram,id=m,size=32M,policy=bind"}, 0, 0},
    {{"-object", "memory-backend-ram,id=m,size=32M,host-nodes=0,policy=strict"}, 0, 0},
    {{"-object", "memory-backend-ram,id=m,size=32M,host-nodes=x,policy=bind"}, 0, 0},
    {with_two_backends({"-smp", "4,cores=4", "-numa", "node,memdev=a,cpus=0-1", "-numa",
                        "node,memdev=b,cpus=2,cpus=0x3"}),
     4,
     4,
     {0, 0, 1, 1}},
    {with_two_backends({"-smp", "4,cores=4", "-numa", "node,memdev=a,nodeid=1,cpus=0,cpus=2-3",
                        "-numa", "node,memdev=b,nodeid=0,cpus=1"}),
     4,
     4,
     {1, 0, 1, 1}},
    {with_two_backends({"-smp", "4,cores=4", "-numa", "node,memdev=a", "-numa", "node,memdev=b"}),
     4,
     4,
     {0, 0, 0, 0}},
    {with_two_backends({"-smp", "4,sockets=2", "-numa", "node,memdev=a", "-numa", "node,memdev=b"}),
     4,
     4,
     {0, 0, 1, 1}},
    {with_two_backends(
         {"-smp", "4,cores=4", "-numa", "node,memdev=a,cpus=0", "-numa", "node,memdev=b,cpus=1"}),
     4,
     4,
     {0, 1, 0, 0}},
    {with_two_backends({"-smp", "2,maxcpus=4,cores=4", "-numa", "node,memdev=a,cpus=0-1", "-numa",
                        "node,memdev=b,cpus=2-3"}),
     2,
     4,
     {0, 0, 1, 1}},
    {with_two_backends({"-smp", "4,sockets=2,cores=2", "-numa", "node,memdev=a", "-numa",
                        "node,memdev=b", "-numa", "cpu,node-id=1,socket-id=0", "-numa",
                        "cpu,node-id=0,socket-id=1"}),
     4,
     4,
     {1, 1, 0, 0}},
    {with_two_backends({"-smp", "4,cores=2,threads=2", "-numa", "node,memdev=a", "-numa",
                        "node,memdev=b", "-numa", "cpu,node-id=1,core-id=0", "-numa",
                        "cpu,node-id=0,core-id=1"}),
     4,
     4,
     {1, 1, 0, 0}},
    {with_two_backends({"-smp", "4,cores=2,threads=2", "-numa", "node,memdev=a", "-numa",
                        "node,memdev=b", "-numa", "cpu,node-id=1,thread-id=0", "-numa",
                        "cpu,node-id=0,thread-id=1"}),
     4,
     4,
     {1, 0, 1, 0}},
    {with_two_backends({"-smp", "4,dies=2,cores=2", "-numa", "node,memdev=a", "-numa",
                        "node,memdev=b", "-numa", "cpu,node-id=1,die-id=0", "-numa",
                        "cpu,node-id=0,die-id=1"}),
     4,
     4,
     {1, 1, 0, 0}},
    {with_two_backends({"-smp", "4,cores=2,threads=2", "-numa", "node,memdev=a", "-numa",
                        "node,memdev=b", "-numa", "cpu,node-id=1,core-id=5"}),
     0, 0},
    {{"-numa", "node,cpus=0-9", "-smp", "4"}, 0, 0},
    {{"-numa", "node,cpus=0", "-numa", "node,cpus=0", "-smp", "4"}, 0, 0},
    {{"-numa", "node,cpus=x"}, 0, 0},
    {{"-numa", "node,cpus=1-0", "-smp", "2"}, 0, 0},
    {{"-numa", "node,cpu=0"}, 0, 0},
    {{"-numa", "nodes,cpus=0"}, 0, 0},
    {{"-numa", "cpu,node-id=0"}, 0, 0},
    {{"-numa", "node,nodeid=0", "-numa", "node,nodeid=0"}, 0, 0},
};

/* Files for -readconfig, and what QEMU makes of them. */
struct QemuFile {
  const char *text;
  unsigned present, all;
};

inline const std::vector<QemuFile> qemu_files = {
    {"# vCPUs\n[smp-opts]\n  cpus = \"4\" # all\n\tcores = \"2\"\n", 4, 4},
    {"[smp-opts]\n  cpus = \"4\"", 4, 4},
    {"[machine]\n  type = \"q35\"\n  smp.cpus = \"8\"\n", 8, 8},
    {"[smp-opts]\n  cpus = \"4\"\n[object \"m\"]\n  qom-type = \"memory-backend-ram\"\n"
     "  size = \"32M\"\n  host-nodes.0 = \"0\"\n  policy = \"bind\"\n[machine]\n"
     "  memory-backend = \"m\"\n[object \"io\"]\n  qom-type = \"iothread\"\n",
     4, 4},
    {"[smp-opts]\n  cpus = 4\n", 0, 0},
    {"[smp-opts]\n  cpus=\"4\"\n", 0, 0},
    {"[smp-opts]\n  core = \"4\"\n", 0, 0},
    {"cpus = \"4\"\n", 0, 0},
};

/* Options that only a QEMU with native pinning has. Host CPU 0 is one that may be used. */
inline const std::vector<QemuString> pin_strings = {
    {{"-vcpu", "0,affinity=0"}, 1, 1},
    {{"-vcpu", "affinity=0,vcpunum=0"}, 1, 1},
    {{"--vcpu", "0,affinity=0,affinity=0"}, 1, 1},
    {{"-vcpu", "0,affinity=0,"}, 1, 1},
    {{"-vcpu", "0,affinity=0,id=a"}, 1, 1},
    {{"-vcpu", "0,affinity=0", "-vcpu", "0,affinity=0"}, 0, 0},
    {{"-vcpu", "0,vcpunum=0,affinity=0"}, 0, 0},
    {{"-vcpu", "0x0,affinity=0"}, 0, 0},
    {{"-vcpu", " 0,affinity=0"}, 0, 0},
    {{"-vcpu", "0,affinity= 0"}, 0, 0},
    {{"-vcpu", "0,affinity"}, 0, 0},
    {{"-vcpu", "0"}, 0, 0},
    {{"-vcpu", ",affinity=0"}, 0, 0},
    {{"-vcpu", "0,affinity=0,cpu=0"}, 0, 0},
    {{"-vcpu", "0,affinity=1-0"}, 0, 0},
    {{"-vcpus", "0,affinity=0"}, 0, 0},
    {{"-emulatorpin", "affinity=0"}, 1, 1},
    {{"-emulatorpin", "0"}, 0, 0},
    {{"-emulatorpin", "affinity=0", "-emulatorpin", "affinity=0"}, 0, 0},
};

inline const std::vector<QemuFile> pin_files = {
    {"[smp-opts]\n  cpus = \"2\"\n[vcpu]\n  vcpunum = \"1\"\n  affinity = \"0\"\n", 2, 2},
    {"[vcpu]\n  vcpunum = \"0\"\n[emulatorpin]\n  affinity = \"0\"\n", 0, 0},
};

#endif
