/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfio/vfio_commands.h"

#include "host_folder.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace qemu_pin {

namespace {

/* As the shell parts them: no word of these has a blank. */
std::vector<std::string> words(const std::string &line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

std::string shown(const std::optional<CpuSet> &set) {
  return set ? cpu_list(*set) : "-";
}

std::string shown(const CpusetOptions &options) {
  std::string text = shown(options.cpus) + " " + shown(options.mems) + " ";
  for (const CpusetFlag &flag : cpuset_flags()) {
    const auto value = options.*flag.value;
    text += !value ? '-' : *value ? '1' : '0';
  }
  return text;
}

/* What was understood. */
struct Shown {
  std::string operator()(const DropCaches &) const { return ""; }
  std::string operator()(const CompactMemory &) const { return ""; }
  std::string operator()(const CpusetCreate &one) const {
    return " " + one.group + " " + shown(one.options);
  }
  std::string operator()(const CpusetModify &one) const {
    return " " + one.group + " " + shown(one.options);
  }
  std::string operator()(const CpusetDelete &one) const { return " " + one.group; }
  std::string operator()(const MoveTasks &one) const { return " " + one.from + " " + one.to; }
  std::string operator()(const IrqAffinity &one) const {
    return (one.adds ? " add " : " mask ") + cpu_list(one.cpus);
  }
  std::string operator()(const CpuGovernor &one) const {
    return " " + one.governor + " " + cpu_list(one.cpus);
  }
  std::string operator()(const RestoreFile &one) const { return " " + one.file; }
};

class VfioCommands : public testing::Test {
protected:
  std::string read(const std::vector<std::string> &arguments) const {
    auto line = read_vfio_commands(folder_.host(), arguments);
    if (!line)
      return line.error().message;
    if (line->asks_help)
      return "help";
    std::string text = line->verbose ? "verbose; " : "";
    text += line->debug ? "debug; " : "";
    text += line->undo_file.empty() ? "" : "undo " + line->undo_file + "; ";
    for (const VfioCommand &command : line->commands)
      text += command_name(command) + std::visit(Shown(), command) + "; ";
    return text;
  }
  std::string read(const std::string &line) const { return read(words(line)); }

  HostFolder folder_;
};

TEST_F(VfioCommands, ExamplesOfItsDocumentationAreUnderstood) {
  const std::pair<const char *, const char *> cases[] = {
      {"cpuset-modify --cpus C0-6,16-22 /system.slice cpuset-modify --cpus C0-6,16-22 /user.slice",
       "cpuset-modify /system.slice 0-6,16-22 - ----; "
       "cpuset-modify /user.slice 0-6,16-22 - ----; "},
      {"cpuset-create --cpus C0-1,6-7 /host.slice move-tasks / /host.slice",
       "cpuset-create /host.slice 0-1,6-7 - ----; move-tasks / /host.slice; "},
      {"cpuset-delete /host.slice", "cpuset-delete /host.slice; "},
      {"cpuset-create --cpus N0 --mems N0 -mm /host.slice move-tasks / /host.slice",
       "cpuset-create /host.slice 0-7,16-23 0 --1-; move-tasks / /host.slice; "},
      {"-u /tmp/undo_description cpuset-create --cpus C1-4 /test.slice",
       "undo /tmp/undo_description; cpuset-create /test.slice 1-4 - ----; "},
      {"restore /tmp/undo_description", "restore /tmp/undo_description; "},
      {"-u /tmp/undo_irq irq-affinity mask C2-5,8-11",
       "undo /tmp/undo_irq; irq-affinity mask 2-5,8-11; "},
      {"-u /tmp/undo_gov cpu-governor performance C2-5,8-11",
       "undo /tmp/undo_gov; cpu-governor performance 2-5,8-11; "},
      {"-u /var/run/libvirt/qemu/vfio-isolate-undo.bin drop-caches "
       "cpuset-modify --cpus C0-6,16-22 /system.slice cpuset-modify --cpus C0-6,16-22 /user.slice "
       "compact-memory irq-affinity mask C8-15,24-31",
       "undo /var/run/libvirt/qemu/vfio-isolate-undo.bin; drop-caches; "
       "cpuset-modify /system.slice 0-6,16-22 - ----; cpuset-modify /user.slice 0-6,16-22 - ----; "
       "compact-memory; irq-affinity mask 8-15,24-31; "},
  };
  for (const auto &[line, text] : cases)
    EXPECT_EQ(read(line), text) << line;
}

TEST_F(VfioCommands, OptionsBeforeTheFirstCommand) {
  const std::pair<const char *, const char *> cases[] = {
      {"-v drop-caches", "verbose; drop-caches; "},
      {"--verbose --debug drop-caches", "verbose; debug; drop-caches; "},
      {"-vd drop-caches", "verbose; debug; drop-caches; "},
      {"-u f drop-caches", "undo f; drop-caches; "},
      {"-uf drop-caches", "undo f; drop-caches; "},
      {"-vuf drop-caches", "verbose; undo f; drop-caches; "},
      {"-vu f drop-caches", "verbose; undo f; drop-caches; "},
      {"--undo-file f drop-caches", "undo f; drop-caches; "},
      {"--undo-file=f drop-caches", "undo f; drop-caches; "},
      {"-u a -u b drop-caches", "undo b; drop-caches; "},
      {"-v -- drop-caches", "verbose; drop-caches; "},
      {"--help", "help"},
      {"-v --help no-such-command", "help"},
      {"drop-caches --help", "help"},
  };
  for (const auto &[line, text] : cases)
    EXPECT_EQ(read(line), text) << line;
}

TEST_F(VfioCommands, OptionsOfCpusets) {
  const std::pair<const char *, const char *> cases[] = {
      {"", "- - ----"},
      {"--cpus C0-3 --mems N0-1", "0-3 0-1 ----"},
      {"--cpus=C0-3 --mems=N1", "0-3 1 ----"},
      {"--cpus N1", "8-15,24-31 - ----"},
      {"--cpus C000000ff", "0-7 - ----"},
      {"--cpus C1 --cpus C2", "2 - ----"},
      {"-ce -me -mm -lb", "- - 1111"},
      {"-nce -nme -nmm -nlb", "- - 0000"},
      {"--cpu-exclusive --mem-exclusive --mem-migrate --sched-load-balance", "- - 1111"},
      {"--no-cpu-exclusive --no-mem-exclusive --no-mem-migrate --no-sched-load-balance",
       "- - 0000"},
      {"-ce -nce", "- - 0---"},
  };
  for (const auto &[options, text] : cases) {
    for (const std::string command : {"cpuset-create", "cpuset-modify"}) {
      const std::string expected = command + " /a/b " + text + "; drop-caches; ";
      EXPECT_EQ(read(command + " " + options + " /a/b drop-caches"), expected);
      EXPECT_EQ(read(command + " /a/b " + options + " drop-caches"), expected);
    }
  }
}

TEST_F(VfioCommands, NamesOfGroupsBeginAtTheRoot) {
  const std::pair<const char *, const char *> cases[] = {
      {"/system.slice", "/system.slice"},
      {"system.slice", "/system.slice"},
      {"//a///b/", "/a/b"},
      {"/", "/"},
      {"a..b/...", "/a..b/..."},
  };
  for (const auto &[name, path] : cases)
    EXPECT_EQ(read(std::string("cpuset-delete ") + name),
              std::string("cpuset-delete ") + path + "; ");
}

TEST_F(VfioCommands, OperationMayBeInCapitals) {
  EXPECT_EQ(read("irq-affinity MASK C1"), "irq-affinity mask 1; ");
  EXPECT_EQ(read("irq-affinity Add N1"), "irq-affinity add 8-15,24-31; ");
}

TEST_F(VfioCommands, WhatIsWrongIsNamedWithItsCommand) {
  const std::pair<const char *, const char *> cases[] = {
      {"", "a command is missing (try --help)"},
      {"-v", "a command is missing (try --help)"},
      {"-u", "-u: its value is missing"},
      {"--undo-file", "--undo-file: its value is missing"},
      {"--undo-file= drop-caches", "--undo-file: its value is missing"},
      {"--undo-files f", "there is no option '--undo-files' (try --help)"},
      {"-x drop-caches", "there is no option '-x' (try --help)"},
      {"-vx drop-caches", "there is no option '-vx' (try --help)"},
      {"--quiet drop-caches", "there is no option '--quiet' (try --help)"},
      {"drop-cache", "'drop-cache' is no command (try --help)"},
      {"drop-caches now", "'now' is no command (try --help)"},
      {"drop-caches -v", "drop-caches: there is no option '-v' (try --help)"},
      {"cpuset-create", "cpuset-create: NAME is missing"},
      {"cpuset-create --cpus C1", "cpuset-create: NAME is missing"},
      {"cpuset-create --cpus", "cpuset-create: --cpus: its value is missing"},
      {"cpuset-modify --cpus X3 /a", "cpuset-modify: --cpus: 'X3' must start with C or N"},
      {"cpuset-modify --cpus= /a", "cpuset-modify: --cpus: its value is missing"},
      {"cpuset-modify --cpus C /a", "cpuset-modify: --cpus: 'C': a set must follow C"},
      {"cpuset-modify --cpus C0-32 /a", "cpuset-modify: --cpus: 'C0-32': this host has no CPU 32"},
      {"cpuset-modify --mems C0 /a", "cpuset-modify: --mems: 'C0' must start with N"},
      {"cpuset-modify --mems N9 /a", "cpuset-modify: --mems: 'N9': this host has no NUMA node 9"},
      {"cpuset-modify --cpusx C0 /a", "cpuset-modify: there is no option '--cpusx' (try --help)"},
      {"cpuset-modify -cenme /a", "cpuset-modify: there is no option '-cenme' (try --help)"},
      {"cpuset-delete -ce /a", "cpuset-delete: there is no option '-ce' (try --help)"},
      {"cpuset-delete ../a", "cpuset-delete: '../a' is no name of a control group"},
      {"cpuset-create /a/./b", "cpuset-create: '/a/./b' is no name of a control group"},
      {"move-tasks /a", "move-tasks: TO is missing"},
      {"move-tasks /a ..", "move-tasks: '..' is no name of a control group"},
      {"irq-affinity", "irq-affinity: mask or add is missing"},
      {"irq-affinity mask", "irq-affinity: SET is missing"},
      {"irq-affinity subtract C1", "irq-affinity: 'subtract' must be mask or add"},
      {"irq-affinity mask 1", "irq-affinity: '1' must start with C or N"},
      {"cpu-governor performance", "cpu-governor: SET is missing"},
      {"cpu-governor performance C99", "cpu-governor: 'C99': this host has no CPU 99"},
      {"restore", "restore: FILE is missing"},
      /* all of it is read before any of it is done */
      {"drop-caches cpuset-create /a irq-affinity mask C99",
       "irq-affinity: 'C99': this host has no CPU 99"},
  };
  for (const auto &[line, message] : cases)
    EXPECT_EQ(read(line), std::string("vfio-isolate: ") + message) << line;
}

TEST_F(VfioCommands, EmptyWordsAreMissing) {
  EXPECT_EQ(read(std::vector<std::string>{"cpuset-delete", ""}),
            "vfio-isolate: cpuset-delete: NAME is missing");
  EXPECT_EQ(read(std::vector<std::string>{"cpuset-modify", "--cpus", "", "/a"}),
            "vfio-isolate: cpuset-modify: --cpus: its value is missing");
  EXPECT_EQ(read(std::vector<std::string>{"-u", "", "drop-caches"}),
            "vfio-isolate: -u: its value is missing");
  EXPECT_EQ(read(std::vector<std::string>{""}), "vfio-isolate: '' is no command (try --help)");
}

TEST_F(VfioCommands, WordsAfterTwoDashesAreNoOptions) {
  EXPECT_EQ(read("cpuset-create --cpus C1 -- -ce drop-caches"),
            "cpuset-create /-ce 1 - ----; drop-caches; ");
  EXPECT_EQ(read("restore -- -f"), "restore -f; ");
}

TEST(VfioHelp, FitsATerminalAndNamesAllThereIs) {
  std::istringstream lines(vfio_help);
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(line.size(), 80U) << line;
  const std::string help = vfio_help;
  for (const char *word : {"drop-caches", "compact-memory", "cpuset-create", "cpuset-modify",
                           "cpuset-delete", "move-tasks", "irq-affinity", "cpu-governor", "restore",
                           "--verbose", "--debug", "--undo-file", "--help"})
    EXPECT_NE(help.find(word), std::string::npos) << word;
  for (const CpusetFlag &flag : cpuset_flags())
    for (const char *word : {flag.on, flag.off, flag.short_on, flag.short_off})
      EXPECT_NE(help.find(word), std::string::npos) << word;
}

} // namespace

} // namespace qemu_pin
