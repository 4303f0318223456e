/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfio/vfio_commands.h"

#include "vfio_host.h"

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
    auto line = read_vfio_commands(host_.host(), arguments);
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

  /* Whether that is wrong, and the message names the piece, with its command. */
  bool is_refused(const std::vector<std::string> &arguments, const std::string &piece) const {
    const auto line = read_vfio_commands(host_.host(), arguments);
    return !line && line.error().message.find(piece) != std::string::npos;
  }

  VfioHost host_;
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

/* The whole sentences are in tests/messages/expected/vfio-isolate.txt. */
TEST_F(VfioCommands, WhatIsWrongIsNamedWithItsCommand) {
  const std::pair<const char *, const char *> cases[] = {
      {"", "a command is missing"},
      {"-v", "a command is missing"},
      {"-u", "-u: "},
      {"--undo-file", "--undo-file: "},
      {"--undo-file= drop-caches", "--undo-file: "},
      {"--undo-files f", "'--undo-files'"},
      {"-x drop-caches", "'-x'"},
      {"-vx drop-caches", "'-vx'"},
      {"--quiet drop-caches", "'--quiet'"},
      {"drop-cache", "'drop-cache'"},
      {"drop-caches now", "'now'"},
      {"drop-caches -v", "drop-caches: there is no option '-v'"},
      {"cpuset-create", "cpuset-create: NAME "},
      {"cpuset-create --cpus C1", "cpuset-create: NAME "},
      {"cpuset-create --cpus", "cpuset-create: --cpus: "},
      {"cpuset-modify --cpus X3 /a", "cpuset-modify: --cpus: 'X3'"},
      {"cpuset-modify --cpus= /a", "cpuset-modify: --cpus: "},
      {"cpuset-modify --cpus C /a", "cpuset-modify: --cpus: 'C'"},
      {"cpuset-modify --cpus C0-32 /a", "cpuset-modify: --cpus: 'C0-32'"},
      {"cpuset-modify --mems C0 /a", "cpuset-modify: --mems: 'C0'"},
      {"cpuset-modify --mems N9 /a", "cpuset-modify: --mems: 'N9'"},
      {"cpuset-modify --cpusx C0 /a", "cpuset-modify: there is no option '--cpusx'"},
      {"cpuset-modify -cenme /a", "cpuset-modify: there is no option '-cenme'"},
      {"cpuset-delete -ce /a", "cpuset-delete: there is no option '-ce'"},
      {"cpuset-delete ../a", "cpuset-delete: '../a'"},
      {"cpuset-create /a/./b", "cpuset-create: '/a/./b'"},
      {"move-tasks /a", "move-tasks: TO "},
      {"move-tasks /a ..", "move-tasks: '..'"},
      {"irq-affinity", "irq-affinity: mask or add "},
      {"irq-affinity mask", "irq-affinity: SET "},
      {"irq-affinity subtract C1", "irq-affinity: 'subtract'"},
      {"irq-affinity mask 1", "irq-affinity: '1'"},
      {"cpu-governor performance", "cpu-governor: SET "},
      {"cpu-governor performance C99", "cpu-governor: 'C99'"},
      {"restore", "restore: FILE "},
      /* all of it is read before any of it is done */
      {"drop-caches cpuset-create /a irq-affinity mask C99", "irq-affinity: 'C99'"},
  };
  for (const auto &[line, piece] : cases)
    EXPECT_TRUE(is_refused(words(line), piece)) << line << ": " << read(line);
}

TEST_F(VfioCommands, EmptyWordsAreMissing) {
  EXPECT_TRUE(is_refused({"cpuset-delete", ""}, "cpuset-delete: NAME "));
  EXPECT_TRUE(is_refused({"cpuset-modify", "--cpus", "", "/a"}, "cpuset-modify: --cpus: "));
  EXPECT_TRUE(is_refused({"-u", "", "drop-caches"}, "-u: "));
  EXPECT_TRUE(is_refused({""}, "''"));
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
