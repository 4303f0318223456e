/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/launcher_grammar.h"

#include <map>

namespace qemu_pin {

namespace {

/* The options of launchers that say nothing of CPUs matter only for where they end. */
const std::map<std::string, LauncherGrammar> &grammars() {
  static const std::map<std::string, LauncherGrammar> all = {
      {"taskset", {"", {}, 1}},
      {"numactl",
       {"iwpPCcNmSLof",
        {"interleave", "weighted-interleave", "preferred", "preferred-many", "physcpubind",
         "cpubind", "cpunodebind", "membind", "shm", "file", "offset", "length", "shmmode",
         "shmid"},
        0}},
      {"systemd-run",
       {"pEuHM",
        {"property",
         "unit",
         "slice",
         "uid",
         "gid",
         "nice",
         "working-directory",
         "setenv",
         "description",
         "service-type",
         "host",
         "machine",
         "on-active",
         "on-boot",
         "on-startup",
         "on-unit-active",
         "on-unit-inactive",
         "on-calendar",
         "timer-property",
         "path-property",
         "socket-property",
         "background"},
        0}},
      {"chrt", {"TPD", {"sched-runtime", "sched-period", "sched-deadline"}, 1}},
      {"nice", {"n", {"adjustment"}, 0}},
      {"ionice", {"cn", {"class", "classdata"}, 0}},
      {"sudo",
       {"ugpCcDhRrtTU",
        {"user", "group", "prompt", "close-from", "chdir", "host", "chroot", "role", "type",
         "command-timeout", "other-user"},
        0}},
      {"doas", {"uC", {}, 0}},
      {"pkexec", {"", {"user"}, 0}},
      {"runuser", {"ugGs", {"user", "group", "supp-group", "shell"}, 0}},
      {"setpriv",
       {"",
        {"reuid", "regid", "groups", "inh-caps", "ambient-caps", "bounding-set", "securebits",
         "pdeathsig", "selinux-label", "apparmor-profile"},
        0}},
      {"env", {"uCS", {"unset", "chdir", "split-string"}, 0}},
      {"prlimit", {"", {}, 0}},
      {"setsid", {}},
      {"nohup", {}},
      {"time", {"of", {"output", "format"}, 0}},
      {"timeout", {"ks", {"kill-after", "signal"}, 1}},
      {"stdbuf", {"ioe", {"input", "output", "error"}, 0}},
      {"cgexec", {"g", {}, 0}},
      {"gamemoderun", {}},
      {"unshare", {"SGRw", {"setuid", "setgid", "root", "wd", "propagation", "setgroups"}, 0}},
      {"nsenter", {"tSGrw", {"target", "setuid", "setgid"}, 0}},
      {"chroot", {"", {}, 1}},
      {"firejail", {}},
      {"strace", {"abeEIoOpPsSuUX", {"output", "trace", "user"}, 0}},
      {"systemd-inhibit", {"", {"what", "who", "why", "mode"}, 0}},
      {"exec", {"a", {}, 0}},
      {"command", {}},
      {"unbuffer", {}},
      {"schedtool", {"anpMMe", {}, 0}},
      {"screen", {"SchtTs", {}, 0}},
  };
  return all;
}

} // namespace

const LauncherGrammar *launcher_grammar(const std::string &name) {
  const auto found = grammars().find(name);
  return found == grammars().end() ? nullptr : &found->second;
}

bool has_own_language(const std::string &name) {
  for (const char *one : {"cset", "qemu-pin", "perf", "gdb", "ip", "tmux", "script", "valgrind"})
    if (name == one)
      return true;
  return false;
}

bool is_shell(const std::string &name) {
  for (const char *one : {"sh", "bash", "dash", "zsh", "ash", "ksh", "su"})
    if (name == one)
      return true;
  return false;
}

} // namespace qemu_pin
