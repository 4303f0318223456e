/*
 * Elements of domains, and whether libvirt takes them: the reader is tested with this table, and
 * so is libvirt itself (read_as_libvirt_test.cc).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_CHECK_LIBVIRT_STRINGS_H
#define TESTS_CHECK_LIBVIRT_STRINGS_H

#include <string>
#include <vector>

struct LibvirtString {
  std::string elements;
  bool is_taken;
  unsigned present = 0, all = 0; /* vCPUs; 0: not asked */
  std::string first_pin = "";    /* of vCPU 0, as libvirt writes it */
  std::string iothreads = "";    /* their ids, with blanks between */
};

inline LibvirtString pinned(const std::string &list, const std::string &first_pin) {
  return {"<vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='" + list + "'/></cputune>",
          !first_pin.empty(), 0, 0, first_pin};
}

inline LibvirtString pin_of(const std::string &vcpu, bool is_taken) {
  return {"<vcpu>2</vcpu><cputune><vcpupin vcpu='" + vcpu + "' cpuset='1'/></cputune>", is_taken};
}

inline LibvirtString topology(const std::string &attributes, bool is_taken) {
  return {"<vcpu>4</vcpu><cpu><topology " + attributes + "/></cpu>", is_taken};
}

inline LibvirtString memory(const std::string &attributes, bool is_taken) {
  return {"<vcpu>4</vcpu><numatune><memory " + attributes + "/></numatune>", is_taken};
}

inline LibvirtString cells(const std::string &of_cells, bool is_taken,
                           const std::string &tune = "") {
  return {"<vcpu>4</vcpu><cpu><numa>" + of_cells + "</numa></cpu><numatune>" + tune + "</numatune>",
          is_taken};
}

inline const std::string two_cells = "<cell id='0' cpus='0-1' memory='32768'/>"
                                     "<cell id='1' cpus='2-3' memory='32768'/>";

inline const std::vector<LibvirtString> libvirt_strings = {
    {"", true, 1, 1},
    {"<vcpu>4</vcpu>", true, 4, 4},
    {"<vcpu> 4</vcpu>", true, 4, 4},
    {"<vcpu>+4</vcpu>", true, 4, 4},
    {"<vcpu>04</vcpu>", true, 4, 4},
    {"<vcpu>4 </vcpu>", false},
    {"<vcpu>\n4\n</vcpu>", false},
    {"<vcpu>0x4</vcpu>", false},
    {"<vcpu>4.0</vcpu>", false},
    {"<vcpu>0</vcpu>", false},
    {"<vcpu/>", false},
    {"<vcpu>2</vcpu><vcpu>4</vcpu>", true, 2, 2},
    {"<vcpu current='2'>4</vcpu>", true, 2, 4},
    {"<vcpu current='5'>4</vcpu>", false},
    {"<vcpu current='x'>4</vcpu>", false},
    {"<vcpu current='3'>4</vcpu><vcpus><vcpu id='0' enabled='yes'/><vcpu id='3' enabled='yes'/>"
     "</vcpus>",
     true, 2, 4},
    {"<vcpu>4</vcpu><vcpus><vcpu id='0' enabled='yes'/><vcpu id='1' enabled='no'/></vcpus>", true,
     1, 4},
    {"<vcpu>4</vcpu><vcpus><vcpu id='4' enabled='yes'/></vcpus>", false},
    {"<vcpu>4</vcpu><vcpus><vcpu id='0'/></vcpus>", false},
    {"<vcpu>4</vcpu><vcpus><vcpu id='0' enabled='on'/></vcpus>", false},
    {"<vcpu>4</vcpu><vcpus><vcpu enabled='yes'/></vcpus>", false},
    {"<vcpu cpuset=''>4</vcpu>", false},
    {"<vcpu cpuset='^1'>4</vcpu>", false},
    {"<vcpu placement='auto' cpuset='1'>4</vcpu>", true, 4, 4},
    pinned("0", "0"),
    pinned(" 0 ", "0"),
    pinned("0 - 3", "0-3"),
    pinned("0 , 2", "0,2"),
    pinned("0-3, ^1", "0,2-3"),
    pinned("^1,0-3", "0-3"),
    pinned("0,", "0"),
    pinned("16383", "16383"),
    pinned("16384", ""),
    pinned("", ""),
    pinned(" ", ""),
    pinned(",0", ""),
    pinned("0,,1", ""),
    pinned("^1", ""),
    pinned("0-3,^1-2", ""),
    pinned("^ 1,0-3", ""),
    pinned("3-0", ""),
    pinned("0-", ""),
    pinned("0-3:2", ""),
    pinned("0 1", ""),
    pinned("0;1", ""),
    pinned("0..1", ""),
    pinned("-1", ""),
    pinned("+1", ""),
    pinned("0x1", ""),
    pinned("4294967296", ""),
    pinned("all", ""),
    pin_of("1", true),
    pin_of(" 1", true),
    pin_of("+1", true),
    pin_of("1 ", false),
    pin_of("-1", false),
    pin_of("1.5", false),
    pin_of("0x1", false),
    pin_of("one", false),
    pin_of("", false),
    {"<vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='1'/><vcpupin vcpu='0' "
     "cpuset='1'/></cputune>",
     false},
    {"<vcpu>2</vcpu><cputune><vcpupin cpuset='1'/></cputune>", false},
    {"<vcpu>2</vcpu><cputune><vcpupin vcpu='0'/></cputune>", false},
    {"<vcpu>2</vcpu><cputune><emulatorpin cpuset='1'/><emulatorpin cpuset='2'/></cputune>", false},
    {"<vcpu>2</vcpu><cputune><vcpupin vcpu='1' cpuset='2'/></cputune><cputune>"
     "<vcpupin vcpu='0' cpuset='1'/></cputune>",
     true, 2, 2, "1"},
    {"<iothreads>2</iothreads>", true, 0, 0, "", "1 2"},
    {"<iothreads>3</iothreads><iothreadids><iothread id='2'/><iothread id='9'/></iothreadids>",
     true, 0, 0, "", "2 9 1"},
    {"<iothreadids><iothread id='2'/><iothread id='9'/></iothreadids>", true, 0, 0, "", "2 9"},
    {"<iothreads>1</iothreads><iothreadids><iothread id='2'/><iothread id='9'/></iothreadids>",
     true, 0, 0, "", "2 9"},
    {"<iothreads>2</iothreads><iothreadids><iothread id='2'/><iothread id='2'/></iothreadids>",
     false},
    {"<iothreadids><iothread id='0'/></iothreadids>", false},
    {"<iothreads>2 </iothreads>", false},
    {"<iothreads>two</iothreads>", false},
    {"<iothreads>2</iothreads><cputune><iothreadpin iothread='0' cpuset='1'/></cputune>", false},
    {"<iothreads>2</iothreads><cputune><iothreadpin iothread='2' cpuset='1'/>"
     "<iothreadpin iothread='2' cpuset='1'/></cputune>",
     false},
    topology("sockets='1' cores='2' threads='2'", true),
    topology("sockets='1' dies='2' cores='1' threads='2'", true),
    topology("sockets=' 1' cores='4' threads='1'", true),
    topology("sockets='1' cores='4'", false),
    topology("sockets='1' dies='0' cores='2' threads='2'", false),
    topology("sockets='1' cores='two' threads='2'", false),
    topology("sockets='65536' cores='65536' threads='1'", false),
    memory("mode='strict' nodeset='0'", true),
    memory("nodeset='0'", true),
    memory("mode='preferred' nodeset='1'", true),
    memory("mode='interleave' nodeset='0-1'", true),
    memory("mode='restrictive' nodeset='0'", true),
    memory("placement='auto'", true),
    memory("mode='strict'", false),
    memory("mode='bind' nodeset='0'", false),
    memory("nodeset=''", false),
    memory("nodeset='^0'", false),
    memory("nodeset='x'", false),
    cells(two_cells, true),
    cells("<cell cpus='0-1' memory='32768'/><cell cpus='2-3' memory='32768'/>", true),
    cells("<cell id='0' cpus='0-3' memory='32768'/><cell id='1' memory='32768'/>", true),
    cells("<cell id='0' cpus='0-1' memory='32768'/><cell id='1' cpus='1-3' memory='32768'/>",
          false),
    cells("<cell id='0' cpus='0-4' memory='32768'/>", false),
    cells("<cell id='0' cpus='x' memory='32768'/>", false),
    cells("<cell id='0' cpus='0-1' memory='1'/><cell id='0' cpus='2-3' memory='1'/>", false),
    cells(two_cells, true, "<memnode cellid='0' mode='strict' nodeset='1'/>"),
    cells(two_cells, true, "<memnode cellid='0' nodeset='1'/>"),
    cells(two_cells, false, "<memnode cellid='2' mode='strict' nodeset='1'/>"),
    cells(two_cells, false, "<memnode mode='strict' nodeset='1'/>"),
    cells(two_cells, false, "<memnode cellid='0' mode='strict'/>"),
    cells(two_cells, false, "<memnode cellid='0' nodeset='1'/><memnode cellid='0' nodeset='0'/>"),
};

#endif
