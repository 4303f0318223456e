/*
 * The strings of tests/check/qemu_strings.h, given to real QEMUs: each accepts, refuses and
 * counts as the table says, by which check's reader is tested.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../check/qemu_strings.h"
#include "qemu_pin_program.h"

#include <fmt/format.h>

namespace {

using Words = std::vector<std::string>;

class ReadAsQemuTest : public MachineTest {
protected:
  struct Read {
    unsigned present = 0, all = 0; /* vCPUs; 0: refused */
    std::vector<unsigned> nodes;   /* of each vCPU; 0 where there is none */
    std::string errors;
  };

  Read read_by_qemu(const Words &options) const {
    const std::string socket = files->file("qmp");
    static_cast<void>(std::remove(socket.c_str()));
    Command command{{GetParam().path, "-accel", "tcg", "-S", "-display", "none", "-nodefaults",
                     "-m", "32", "-qmp", "unix:" + socket + ",server=on,wait=off"},
                    "",
                    files->file("errors")};
    command.argv.insert(command.argv.end(), options.begin(), options.end());
    auto qemu = Child::start(command);
    EXPECT_TRUE(qemu);
    Read read;
    auto monitor = connect_when_ready(socket, *qemu);
    if (monitor)
      ask(*monitor, read);
    else
      EXPECT_EQ(qemu->wait(), 1) << "QEMU neither answers nor ends";
    read.errors = read_text(files->file("errors"));
    return read;
  }

  /* From the last vCPU to the first, as QEMU lists them. */
  static void ask(qemu_pin::Qmp &monitor, Read &read) {
    auto all = monitor.execute("query-hotpluggable-cpus");
    ASSERT_TRUE(all) << all.error().message;
    for (const auto &vcpu : *all) {
      ++read.all;
      read.present += vcpu.contains("qom-path");
      const auto &properties = vcpu["props"];
      read.nodes.insert(read.nodes.begin(), properties.value("node-id", 0U));
    }
  }

  void expect_read(const Words &options, unsigned present, unsigned all,
                   const std::vector<unsigned> &nodes = {}) const {
    const Read read = read_by_qemu(options);
    const std::string said = fmt::format("{}\n{}", fmt::join(options, " "), read.errors);
    EXPECT_EQ(read.present, present) << said;
    EXPECT_EQ(read.all, all) << said;
    if (!nodes.empty()) {
      EXPECT_EQ(read.nodes, nodes) << said;
    }
  }

  void expect_file_read(const QemuFile &file) const {
    write_text(files->file("guest.cfg"), file.text);
    SCOPED_TRACE(file.text);
    expect_read({"-readconfig", files->file("guest.cfg")}, file.present, file.all);
  }
};

TEST_P(ReadAsQemuTest, QemuMakesTheSameOfOptions) {
  for (const QemuString &string : qemu_strings)
    expect_read(string.options, string.present, string.all, string.nodes);
  for (const QemuFile &file : qemu_files)
    expect_file_read(file);
}

TEST_P(ReadAsQemuTest, QemuMakesTheSameOfPins) {
  if (!GetParam().patched)
    GTEST_SKIP() << "this QEMU has no native pinning";
  if (a != "0")
    GTEST_SKIP() << "host CPU 0 may not be used";
  for (const QemuString &string : pin_strings)
    expect_read(string.options, string.present, string.all);
  for (const QemuFile &file : pin_files)
    expect_file_read(file);
}

INSTANTIATE_TEST_SUITE_P(Machine, ReadAsQemuTest,
                         testing::ValuesIn(with_accelerator(qemus(), "tcg")), qemu_name);

} // namespace
