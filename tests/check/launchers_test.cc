/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/launchers.h"
#include "check/shell_words.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace qemu_pin;

namespace {

using Words = std::vector<std::string>;

Launch launch(const std::string &line) {
  return read_launchers(read_shell(line).commands.at(0));
}

/* "2-5 qemu-system-x86_64 -smp 4", with "?" for CPUs that are not known, "-" for all. */
std::string started(const std::string &line) {
  const Launch launched = launch(line);
  const std::string cpus = launched.cpus           ? cpu_list(*launched.cpus)
                           : launched.cpus_unknown ? "?"
                                                   : "-";
  return cpus + " " + fmt::format("{}", fmt::join(launched.qemu, " "));
}

TEST(Launchers, TasksetSetsTheMask) {
  EXPECT_EQ(started("taskset -c 2-5,8 kvm -smp 4"), "2-5,8 kvm -smp 4");
  EXPECT_EQ(started("taskset 0x3c qemu-system-x86_64"), "2-5 qemu-system-x86_64");
  EXPECT_EQ(started("taskset -a f0 kvm"), "4-7 kvm");
  EXPECT_EQ(started("taskset -ac 0-6:2 kvm"), "0,2,4,6 kvm");
  EXPECT_EQ(started("/usr/bin/taskset --cpu-list --all-tasks 2-5 /usr/bin/kvm -id 100"),
            "2-5 /usr/bin/kvm -id 100");
  EXPECT_EQ(started("taskset -c 0-3 taskset -c 6 kvm"), "6 kvm");
  EXPECT_EQ(launch("taskset -c x kvm").errors, Words{"taskset x: 'x' is not a number"});
  EXPECT_TRUE(launch("taskset -c x kvm").cpus_unknown);
}

TEST(Launchers, NumactlSetsCpusNodesAndMemory) {
  EXPECT_EQ(started("numactl --physcpubind=2-3 --localalloc kvm -smp 2"), "2-3 kvm -smp 2");
  EXPECT_EQ(started("numactl -C 2-3 kvm"), "2-3 kvm");
  EXPECT_EQ(started("numactl -C+0-1 kvm"), "? kvm");
  EXPECT_EQ(started("numactl -C all kvm"), "- kvm");
  const Launch bound = launch("numactl --cpunodebind 1 -m0-1 -- kvm -smp 2");
  EXPECT_EQ(bound.nodes, CpuSet{1});
  EXPECT_FALSE(bound.cpus);
  EXPECT_EQ(bound.memory_nodes, (CpuSet{0, 1}));
  EXPECT_TRUE(bound.memory_strict);
  EXPECT_EQ(bound.qemu, (Words{"kvm", "-smp", "2"}));
  const Launch preferred = launch("numactl -N0,1 --preferred=1 kvm");
  EXPECT_EQ(preferred.nodes, (CpuSet{0, 1}));
  EXPECT_EQ(preferred.memory_nodes, CpuSet{1});
  EXPECT_FALSE(preferred.memory_strict);
  EXPECT_EQ(launch("numactl --interleave=all kvm").memory_nodes, CpuSet());
  EXPECT_EQ(launch("taskset -c 1 numactl -N 0 kvm").cpus, std::nullopt);
}

TEST(Launchers, SystemdRunLimitsTheMask) {
  EXPECT_EQ(started("systemd-run --scope -p AllowedCPUs=2-5 taskset -c 4-9 kvm -smp 1"),
            "4-5 kvm -smp 1");
  EXPECT_EQ(started("systemd-run --user --unit=vm --property CPUAffinity='0 2-3' kvm"),
            "0,2-3 kvm");
  EXPECT_EQ(started("systemd-run -p AllowedCPUs=8 taskset -c 4 kvm"), "8 kvm");
  EXPECT_EQ(launch("systemd-run -p AllowedCPUs=2-4 taskset -c 3 kvm").allowed, (CpuSet{2, 3, 4}));
  EXPECT_EQ(started("systemd-run --slice vm.slice --scope kvm"), "- kvm");
  EXPECT_EQ(launch("systemd-run -p AllowedMemoryNodes=1 kvm").memory_nodes, CpuSet{1});
}

TEST(Launchers, ThoseThatSayNothingOfCpusAreTakenAway) {
  for (const char *launcher : {"sudo",
                               "sudo -E -u root",
                               "sudo --user=root --",
                               "sudo LANG=C",
                               "env -i -u HOME A=1 B=2",
                               "chrt -f 50",
                               "chrt --rr -a 1",
                               "nice",
                               "nice -n -5",
                               "nice -10",
                               "nice --adjustment 3",
                               "ionice -c1 -n 0",
                               "ionice --class idle",
                               "prlimit --memlock=unlimited --nofile=1:1",
                               "setsid -f",
                               "nohup",
                               "time -p",
                               "/usr/bin/time -v -o times",
                               "exec",
                               "exec -a vm",
                               "gamemoderun",
                               "unshare -n --mount-proc",
                               "stdbuf -oL",
                               "timeout -k 5 10m",
                               "firejail --net=none",
                               "A=1 B=2",
                               "sudo nice -n 5 ionice -c 1 exec",
                               "strace -f -o log",
                               "command",
                               "pkexec --user root",
                               "qemu-pin run --watch --",
                               "sudo bin/qemu-pin run --json --",
                               "perf stat -e cycles --",
                               "gdb --args",
                               "runuser -u qemu --",
                               "setpriv --reuid 1000 --clear-groups",
                               "chroot /srv"})
    EXPECT_EQ(started(std::string(launcher) + " qemu-system-x86_64 -smp 2"),
              "- qemu-system-x86_64 -smp 2")
        << launcher;
}

TEST(Launchers, WhatIsNotKnownOfCpusIsSaidOnce) {
  const Launch cset = launch("cset proc -e -s vm -- qemu-system-x86_64 -smp 2");
  EXPECT_EQ(cset.notes, Words{"cset: the CPUs of its cpuset are not known here"});
  EXPECT_FALSE(cset.cpus_unknown);
  EXPECT_EQ(cset.qemu, (Words{"qemu-system-x86_64", "-smp", "2"}));
  EXPECT_EQ(started("cset shield --exec kvm -- -smp 2"), "- kvm -- -smp 2");
  EXPECT_EQ(started("cgexec -g cpuset:vm --sticky kvm"), "- kvm");
  const Launch own = launch("./start-vm --fast /opt/qemu-system-x86_64 -smp 2");
  EXPECT_EQ(own.notes, Words{"'start-vm' is not a launcher that check knows: the CPUs that it "
                             "starts QEMU on are not known"});
  EXPECT_EQ(own.qemu, (Words{"/opt/qemu-system-x86_64", "-smp", "2"}));
}

TEST(Launchers, AQemuMayHaveAnyNameOrNone) {
  EXPECT_EQ(started("./my-vm -smp 2"), "- ./my-vm -smp 2");
  EXPECT_EQ(started("-smp 2"), "- -smp 2");
  EXPECT_FALSE(launch("./my-vm -smp 2").names_qemu);
  EXPECT_TRUE(launch("nice /usr/libexec/qemu-kvm -smp 2").names_qemu);
}

TEST(Launchers, AShellsTextIsRead) {
  EXPECT_EQ(started("bash -c 'taskset -c 3 kvm -smp \"2\"'"), "3 kvm -smp 2");
  EXPECT_EQ(started("sudo sh -ec 'cd /vm && exec kvm -smp 2'"), "- kvm -smp 2");
  EXPECT_EQ(started("su - me -c 'nice kvm -smp 2'"), "- kvm -smp 2");
  EXPECT_EQ(started("env -S 'A=1 kvm -smp' 2"), "- kvm -smp 2");
}

TEST(Launchers, ThatEndTooEarlyAreNoGuest) {
  for (const char *line : {"taskset", "taskset -c", "sudo -u", "bash -c", "env", "numactl -C",
                           "systemd-run -p", "nice --", "sh -c ''"})
    EXPECT_LE(launch(line).qemu.size(), 2U) << line;
}

Words only_command(const std::string &text) {
  const ShellText read = read_shell(text);
  EXPECT_EQ(read.commands.size(), 1U) << text;
  return read.commands.empty() ? Words() : read.commands[0];
}

TEST(ShellWords, AreAsAShellSplitsThem) {
  EXPECT_EQ(only_command("kvm -name 'my vm' -m \"4 G\" a\\ b ''"),
            (Words{"kvm", "-name", "my vm", "-m", "4 G", "a b", ""}));
  EXPECT_EQ(only_command("kvm \\\n  -smp 4 \\\r\n  -m 2G # the end\n"),
            (Words{"kvm", "-smp", "4", "-m", "2G"}));
  EXPECT_EQ(only_command("kvm -smp 4 >log 2>&1 </dev/null &"), (Words{"kvm", "-smp", "4"}));
  EXPECT_EQ(only_command("kvm -drive file=a#b,x=\"q\\\"r\""),
            (Words{"kvm", "-drive", "file=a#b,x=q\"r"}));
  EXPECT_EQ(read_shell("if ! kvm -smp 4; then :; fi").commands.at(0), (Words{"kvm", "-smp", "4"}));
}

TEST(ShellWords, CommandsAreApart) {
  const ShellText text = read_shell("#!/bin/sh\nmodprobe vfio; cd /vm && kvm -smp 2 || exit 1\n");
  EXPECT_EQ(text.commands,
            (std::vector<Words>{
                {"modprobe", "vfio"}, {"cd", "/vm"}, {"kvm", "-smp", "2"}, {"exit", "1"}}));
}

TEST(ShellWords, VariablesThatTheTextSetsAreReplaced) {
  EXPECT_EQ(only_command("N=4\nOPTS=\"-smp $N -m 2G\"\nkvm $OPTS -name \"$OPTS\""),
            (Words{"kvm", "-smp", "4", "-m", "2G", "-name", "-smp 4 -m 2G"}));
  EXPECT_EQ(
      only_command("args=(-smp 4\n -name 'a b') # all\nargs+=(-m 2G)\nexec kvm \"${args[@]}\""),
      (Words{"exec", "kvm", "-smp", "4", "-name", "a b", "-m", "2G"}));
  EXPECT_EQ(only_command("O=-smp\nO+=' 4'\nkvm ${O} \"$@\""), (Words{"kvm", "-smp", "4"}));
}

TEST(ShellWords, WhatOnlyAShellKnowsIsNamed) {
  const ShellText text = read_shell("kvm -smp $(nproc) -m $MEM,x -name `hostname` $MEM");
  EXPECT_EQ(text.unknown, (Words{"$(nproc)", "$MEM", "`hostname`"}));
  EXPECT_EQ(text.commands.at(0),
            (Words{"kvm", "-smp", "$(nproc)", "-m", "$MEM,x", "-name", "`hostname`", "$MEM"}));
}

TEST(ShellWords, DamagedTextEnds) {
  for (const char *text :
       {"'", "\"", "\\", "$", "${", "$(", "`", "a=(", "<", "&>", "\"$", "${a[@]"})
    EXPECT_LE(read_shell(text).commands.size(), 1U) << text;
  std::string doubling = "A=aaaaaaaa\n";
  for (int i = 0; i < 100; ++i)
    doubling += "A=$A$A\n";
  EXPECT_EQ(read_shell(doubling + "kvm $A").commands.size(), 1U);
}

} // namespace
