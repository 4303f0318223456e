/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/launchers.h"

#include "base/number.h"
#include "check/launcher_grammar.h"
#include "check/shell_words.h"

#include <algorithm>
#include <deque>
#include <fmt/format.h>

namespace qemu_pin {

namespace {

using Words = std::vector<std::string>;

std::string base_name(const std::string &path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_assignment(const std::string &word) {
  const std::size_t equals = word.find('=');
  return equals != std::string::npos && equals > 0 && word[0] != '-' && word.find('/') > equals;
}

/* An option of a launcher's, as getopt reads it. */
struct LauncherOption {
  std::string name;  /* "c", or "cpu-list" */
  std::string value; /* "" if it has none */
};

class LauncherReader {
public:
  explicit LauncherReader(const Words &arguments) : rest_(arguments.begin(), arguments.end()) {}

  Launch read() {
    for (bool more = true; more && !rest_.empty();)
      more = step();
    launch_.qemu.assign(rest_.begin(), rest_.end());
    settle();
    return std::move(launch_);
  }

private:
  /* False when QEMU is first. */
  bool step() {
    const std::string name = base_name(rest_[0]);
    if (rest_[0].starts_with("-"))
      return false;
    if (is_qemu(rest_[0])) {
      launch_.names_qemu = true;
      return false;
    }
    if (is_shell(name))
      return shell(name);
    if (has_own_language(name)) {
      if (name == "cset")
        unknown_cpuset("cset: the CPUs of its cpuset are not known here");
      return skip_to_command();
    }
    if (const LauncherGrammar *grammar = launcher_grammar(name)) {
      launcher(name, *grammar);
      return true;
    }
    if (is_assignment(rest_[0])) {
      take();
      return true;
    }
    return unknown_program(name);
  }

  std::string take() {
    std::string word = std::move(rest_.front());
    rest_.pop_front();
    return word;
  }

  void unknown_cpus(const std::string &why) {
    launch_.notes.push_back(why);
    launch_.cpus_unknown = true;
  }

  /* The kernel keeps pins inside of a cpuset, so it has the vCPUs' CPUs: threads without a pin
   * may run there, whatever else is in it. */
  void unknown_cpuset(const std::string &why) { launch_.notes.push_back(why); }

  /* A script of somebody's that starts QEMU; or a QEMU of an unusual name. */
  bool unknown_program(const std::string &name) {
    if (std::none_of(rest_.begin() + 1, rest_.end(), is_qemu))
      return false;
    unknown_cpus("'" + name +
                 "' is not a launcher that check knows: the CPUs that it starts QEMU "
                 "on are not known");
    return skip_to_command();
  }

  bool skip_to_command() {
    const auto dashes = std::find(rest_.begin(), rest_.end(), "--");
    const auto qemu = std::find_if(rest_.begin() + 1, rest_.end(), is_qemu);
    const auto command = dashes == rest_.end() || qemu < dashes ? qemu : dashes + 1;
    if (command == rest_.end() && dashes == rest_.end())
      return false;
    rest_.erase(rest_.begin(), command);
    return true;
  }

  /* sh -c TEXT: the words of the text come instead. */
  bool shell(const std::string &name) {
    std::size_t at = 1;
    while (
        at < rest_.size() && (name == "su" || rest_[at].starts_with("-")) &&
        !(rest_[at].starts_with("-") && !rest_[at].starts_with("--") && rest_[at].ends_with("c")))
      ++at;
    if (at + 1 >= rest_.size() || !rest_[at].starts_with("-"))
      return unknown_program(name);
    const ShellText text = read_shell(rest_[at + 1]);
    for (const std::string &variable : text.unknown)
      launch_.notes.push_back("'" + variable + "' is not known here");
    rest_.clear();
    for (const Words &command : text.commands)
      if (rest_.empty() || std::any_of(command.begin(), command.end(), is_qemu))
        rest_.assign(command.begin(), command.end());
    return !rest_.empty();
  }

  void launcher(const std::string &name, const LauncherGrammar &grammar) {
    take();
    std::vector<LauncherOption> options;
    while (!rest_.empty() && rest_[0].size() > 1 && rest_[0][0] == '-') {
      const std::string word = take();
      if (word == "--")
        break;
      if (word.starts_with("--"))
        long_option(word, grammar, options);
      else
        short_options(word, grammar, options);
      if ((name == "env" && options.back().name == "S") || options.back().name == "split-string")
        split(options.back().value);
    }
    if (name == "env" || name == "sudo" || name == "doas")
      while (!rest_.empty() && is_assignment(rest_[0]))
        take();
    Words operands;
    for (unsigned i = 0; i < grammar.operands && !rest_.empty(); ++i)
      if (name != "chrt" || number<int>(rest_[0]))
        operands.push_back(take());
    if (name == "taskset")
      taskset(options, operands);
    else if (name == "numactl")
      numactl(options);
    else if (name == "systemd-run")
      systemd_run(options);
    else if (name == "cgexec")
      unknown_cpuset("cgexec: the CPUs of its cgroup are not known here");
    else if (name == "schedtool")
      schedtool(options);
  }

  void long_option(const std::string &word, const LauncherGrammar &grammar,
                   std::vector<LauncherOption> &options) {
    const std::size_t equals = word.find('=');
    LauncherOption option{word.substr(2, equals - 2), ""};
    const Words &all = grammar.long_with_value;
    if (equals != std::string::npos)
      option.value = word.substr(equals + 1);
    else if (std::find(all.begin(), all.end(), option.name) != all.end() && !rest_.empty())
      option.value = take();
    options.push_back(std::move(option));
  }

  void short_options(const std::string &word, const LauncherGrammar &grammar,
                     std::vector<LauncherOption> &options) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      LauncherOption option{std::string(1, word[i]), ""};
      if (grammar.short_with_value.find(word[i]) == std::string::npos) {
        options.push_back(std::move(option));
        continue;
      }
      option.value = word.substr(i + 1);
      if (option.value.empty() && !rest_.empty())
        option.value = take();
      options.push_back(std::move(option));
      return;
    }
  }

  void split(const std::string &text) {
    Words words;
    for (const Words &command : read_shell(text).commands)
      words.insert(words.end(), command.begin(), command.end());
    rest_.insert(rest_.begin(), words.begin(), words.end());
  }

  void wrong(const std::string &launcher, const std::string &value, const std::string &why) {
    launch_.errors.push_back(launcher + (value.empty() ? "" : " ") + value + ": " + why);
    launch_.cpus_unknown = true;
  }

  /* A launcher replaces the mask that the launcher before it has set. */
  void set_mask(const std::string &launcher, const std::string &value, const Result<CpuSet> &cpus) {
    if (!cpus)
      return wrong(launcher, value, cpus.error().message);
    mask_ = *cpus;
    launch_.nodes.reset();
  }

  void taskset(const std::vector<LauncherOption> &options, const Words &operands) {
    const bool is_list = std::any_of(options.begin(), options.end(), [](const auto &option) {
      return option.name == "c" || option.name == "cpu-list";
    });
    if (operands.empty())
      return wrong("taskset", "", "its CPUs are missing");
    set_mask("taskset", operands[0], is_list ? read_cpu_set(operands[0]) : hex_mask(operands[0]));
  }

  static Result<CpuSet> hex_mask(const std::string &text) {
    return read_cpu_mask(text.starts_with("0x") || text.starts_with("0X") ? text.substr(2) : text);
  }

  void schedtool(const std::vector<LauncherOption> &options) {
    for (const LauncherOption &option : options) {
      if (option.name == "a")
        set_mask("schedtool -a", option.value,
                 option.value.starts_with("0x") ? hex_mask(option.value)
                                                : read_cpu_set(option.value));
      if (option.name == "e") /* the command follows, and was taken for its value */
        rest_.insert(rest_.begin(), option.value);
    }
  }

  void numactl(const std::vector<LauncherOption> &options) {
    for (const LauncherOption &option : options) {
      const auto is = [&](const char *letter, const char *name) {
        return option.name == letter || option.name == name;
      };
      const auto set = [&] { return numactl_set(option); };
      if (is("C", "physcpubind")) {
        if (const auto cpus = set())
          set_mask("numactl", option.value, *cpus);
      } else if (is("N", "cpunodebind") || is("c", "cpubind")) {
        if (const auto nodes = set()) {
          launch_.nodes = *nodes;
          mask_.reset();
        }
      } else if (is("m", "membind")) {
        if (const auto nodes = set())
          set_memory(*nodes, true);
      } else if (is("p", "preferred") || is("P", "preferred-many") || is("i", "interleave") ||
                 is("w", "weighted-interleave")) {
        if (const auto nodes = set())
          set_memory(*nodes, false);
      }
    }
  }

  void set_memory(const CpuSet &nodes, bool is_strict) {
    launch_.memory_nodes = nodes;
    launch_.memory_strict = is_strict;
  }

  /* Nothing for all, and for what numactl works out on the host. */
  std::optional<CpuSet> numactl_set(const LauncherOption &option) {
    if (option.value == "all")
      return std::nullopt;
    if (!option.value.empty() && (option.value[0] < '0' || option.value[0] > '9')) {
      unknown_cpus("numactl " + option.value + ": what this stands for is not known here");
      return std::nullopt;
    }
    auto set = read_cpu_set(option.value);
    if (set)
      return *set;
    wrong("numactl", option.value, set.error().message);
    return std::nullopt;
  }

  void systemd_run(const std::vector<LauncherOption> &options) {
    for (const LauncherOption &option : options) {
      if (option.name == "slice")
        unknown_cpuset("systemd-run --slice: the CPUs of " + option.value + " are not known here");
      if (option.name != "p" && option.name != "property")
        continue;
      const std::size_t equals = std::min(option.value.find('='), option.value.size());
      const std::string name = option.value.substr(0, equals);
      std::string list = option.value.substr(std::min(equals + 1, option.value.size()));
      std::replace(list.begin(), list.end(), ' ', ','); /* systemd takes both */
      if (name != "AllowedCPUs" && name != "CPUAffinity" && name != "AllowedMemoryNodes")
        continue;
      auto set = read_cpu_set(list);
      if (!set)
        wrong("systemd-run -p", option.value, set.error().message);
      else if (name == "AllowedCPUs")
        allowed_ = *set;
      else if (name == "CPUAffinity")
        set_mask("systemd-run", list, set);
      else
        set_memory(*set, true);
    }
  }

  /* A cpuset limits what a mask says. */
  void settle() {
    launch_.cpus = mask_;
    launch_.allowed = allowed_;
    if (!allowed_)
      return;
    if (launch_.cpus && launch_.cpus->intersects(*allowed_))
      launch_.cpus->keep(*allowed_);
    else
      launch_.cpus = allowed_;
  }

  std::deque<std::string> rest_;
  Launch launch_;
  std::optional<CpuSet> mask_, allowed_;
};

} // namespace

bool is_qemu(const std::string &program) {
  const std::string name = base_name(program);
  return name.find("qemu-system-") != std::string::npos || name == "qemu-kvm" || name == "kvm" ||
         name == "qemu";
}

bool is_launcher(const std::string &program) {
  const std::string name = base_name(program);
  return launcher_grammar(name) || has_own_language(name) || is_shell(name);
}

Launch read_launchers(const Words &arguments) {
  return LauncherReader(arguments).read();
}

} // namespace qemu_pin
