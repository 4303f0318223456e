/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfio/vfio_commands.h"

#include "host/node_set.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <string_view>

namespace qemu_pin {

const char *const vfio_help =
    "Usage: qemu-pin vfio-isolate [OPTIONS] COMMAND [ARGS]... [COMMAND [ARGS]...]...\n"
    "\n"
    "Does what vfio-isolate 0.5 does, from the same command line. Commands are\n"
    "carried out in order, once all of them are understood; if one fails, those\n"
    "before it are undone.\n"
    "\n"
    "Options:\n"
    "  -v, --verbose         Say what was done\n"
    "  -d, --debug           And each write\n"
    "  -u, --undo-file FILE  Keep in FILE what is needed to restore; it is replaced\n"
    "  --help                Print this text and exit\n"
    "\n"
    "Commands:\n"
    "  drop-caches                         Drop the page cache, dentries and inodes\n"
    "  compact-memory                      Compact memory\n"
    "  cpuset-create [CPUSET OPTIONS] NAME Make a cpuset\n"
    "  cpuset-modify [CPUSET OPTIONS] NAME Change one\n"
    "  cpuset-delete NAME                  Remove one; its tasks go to its parent\n"
    "  move-tasks FROM TO                  Move what a cpuset has to another\n"
    "  irq-affinity mask|add SET           Take CPUs from all interrupts, or add them\n"
    "  cpu-governor GOVERNOR SET           Set the frequency governor of CPUs\n"
    "  restore FILE                        Undo what FILE tells; leave alone what\n"
    "                                      somebody else changed since\n"
    "\n"
    "Cpuset options:\n"
    "  --cpus SET    CPUs\n"
    "  --mems NODES  NUMA nodes for memory\n"
    "  and of cgroup v1 alone:\n"
    "  -ce, --cpu-exclusive       or -nce, --no-cpu-exclusive\n"
    "  -me, --mem-exclusive       or -nme, --no-mem-exclusive\n"
    "  -mm, --mem-migrate         or -nmm, --no-mem-migrate\n"
    "  -lb, --sched-load-balance  or -nlb, --no-sched-load-balance\n"
    "\n"
    "NAME, FROM and TO are control groups, such as /system.slice; / is the root.\n"
    "NODES is N and a list of NUMA nodes: N0. SET is that, for the nodes' CPUs, or C\n"
    "and a CPU list or a mask as the kernel prints them: C0-3,8 or C0000010f.\n"
    "Exit status: 0 done, 1 restore left something alone, 2 trouble.\n";

const std::vector<CpusetFlag> &cpuset_flags() {
  static const std::vector<CpusetFlag> flags = {
      {"--cpu-exclusive", "--no-cpu-exclusive", "-ce", "-nce", &CpusetOptions::cpu_exclusive,
       "cpuset.cpu_exclusive"},
      {"--mem-exclusive", "--no-mem-exclusive", "-me", "-nme", &CpusetOptions::mem_exclusive,
       "cpuset.mem_exclusive"},
      {"--mem-migrate", "--no-mem-migrate", "-mm", "-nmm", &CpusetOptions::mem_migrate,
       "cpuset.memory_migrate"},
      {"--sched-load-balance", "--no-sched-load-balance", "-lb", "-nlb",
       &CpusetOptions::sched_load_balance, "cpuset.sched_load_balance"},
  };
  return flags;
}

namespace {

/* Without blank parts; never one that leads out of the hierarchy. */
Result<std::string> group_name(const std::string &text) {
  std::string name;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('/', at), text.size());
    const std::string part = text.substr(at, end - at);
    if (part == "." || part == "..")
      return Error{fmt::format("'{}' is no name of a control group", text)};
    if (!part.empty())
      name += "/" + part;
    at = end + 1;
  }
  return name.empty() ? "/" : name;
}

/* In capitals too, as vfio-isolate has it. */
Result<bool> is_add(const std::string &word) {
  std::string lower;
  for (unsigned char c : word)
    lower += static_cast<char>(std::tolower(c));
  if (lower != "mask" && lower != "add")
    return Error{fmt::format("'{}' must be mask or add", word)};
  return lower == "add";
}

/* What a command was given. */
struct Given {
  const Host &host;
  std::vector<std::string> arguments; /* as many as its form has */
  CpusetOptions options;
};

using Made = Result<VfioCommand>;

template <typename Command> Made make_plain(const Given &) {
  return Made(Command{});
}

template <typename Command> Made make_with_options(const Given &given) {
  auto group = group_name(given.arguments[0]);
  if (!group)
    return group.error();
  return Made(Command{*group, given.options});
}

Made make_cpuset_delete(const Given &given) {
  auto group = group_name(given.arguments[0]);
  if (!group)
    return group.error();
  return Made(CpusetDelete{*group});
}

Made make_move_tasks(const Given &given) {
  auto from = group_name(given.arguments[0]), to = group_name(given.arguments[1]);
  if (!from || !to)
    return from ? to.error() : from.error();
  return Made(MoveTasks{*from, *to});
}

Made make_irq_affinity(const Given &given) {
  auto adds = is_add(given.arguments[0]);
  if (!adds)
    return adds.error();
  auto cpus = read_cpu_nodes(given.host, given.arguments[1]);
  if (!cpus)
    return cpus.error();
  return Made(IrqAffinity{*adds, *cpus});
}

Made make_cpu_governor(const Given &given) {
  auto cpus = read_cpu_nodes(given.host, given.arguments[1]);
  if (!cpus)
    return cpus.error();
  return Made(CpuGovernor{given.arguments[0], *cpus});
}

Made make_restore(const Given &given) {
  return Made(RestoreFile{given.arguments[0]});
}

struct CommandForm {
  const char *name;
  std::vector<const char *> arguments;
  bool has_options; /* those of cpusets */
  Made (*make)(const Given &);
};
/* In the order of VfioCommand. */
const std::array<CommandForm, std::variant_size_v<VfioCommand>> forms = {{
    {"drop-caches", {}, false, make_plain<DropCaches>},
    {"compact-memory", {}, false, make_plain<CompactMemory>},
    {"cpuset-create", {"NAME"}, true, make_with_options<CpusetCreate>},
    {"cpuset-modify", {"NAME"}, true, make_with_options<CpusetModify>},
    {"cpuset-delete", {"NAME"}, false, make_cpuset_delete},
    {"move-tasks", {"FROM", "TO"}, false, make_move_tasks},
    {"irq-affinity", {"mask or add", "SET"}, false, make_irq_affinity},
    {"cpu-governor", {"GOVERNOR", "SET"}, false, make_cpu_governor},
    {"restore", {"FILE"}, false, make_restore},
}};

class Reader {
public:
  Reader(const Host &host, const std::vector<std::string> &words) : host_(host), words_(words) {}

  Result<VfioCommandLine> read() {
    if (auto result = read_options(); !result)
      return result.error();
    if (!line_.asks_help && at_ == words_.size())
      return Error{"a command is missing (try --help)"};
    while (!line_.asks_help && at_ < words_.size()) {
      const std::string &word = words_[at_++];
      const auto form = std::find_if(forms.begin(), forms.end(),
                                     [&](const CommandForm &one) { return one.name == word; });
      if (form == forms.end())
        return Error{fmt::format("'{}' is no command (try --help)", word)};
      if (auto result = read_command(*form); !result)
        return Error{fmt::format("{}: {}", form->name, result.error().message)};
    }
    return std::move(line_);
  }

private:
  bool at_option() const {
    return at_ < words_.size() && words_[at_].size() > 1 && words_[at_][0] == '-';
  }

  /* Those before the first command. Letters may be joined: "-vdu FILE". */
  Result<> read_options() {
    while (at_option()) {
      const std::string word = words_[at_++];
      if (word == "--")
        break;
      if (word == "--help") {
        line_.asks_help = true;
        return {};
      }
      if (word == "--verbose")
        line_.verbose = true;
      else if (word == "--debug")
        line_.debug = true;
      else if (word.starts_with("--undo-file")) {
        if (auto result = take_value(word, "--undo-file", line_.undo_file); !result)
          return result.error();
      } else if (auto result = read_letters(word); !result) {
        return result.error();
      }
    }
    return {};
  }

  Result<> read_letters(const std::string &word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      if (word[i] == 'v')
        line_.verbose = true;
      else if (word[i] == 'd')
        line_.debug = true;
      else if (word[i] != 'u')
        return Error{fmt::format("there is no option '{}' (try --help)", word)};
      else if (i + 1 == word.size())
        return take_value("-u", "-u", line_.undo_file);
      else {
        line_.undo_file = word.substr(i + 1);
        break;
      }
    }
    return {};
  }

  /* From "--name=value", or the next word. */
  Result<> take_value(const std::string &word, const std::string &name, std::string &value) {
    if (word.size() > name.size() && word[name.size()] != '=')
      return Error{fmt::format("there is no option '{}' (try --help)", word)};
    if (word.size() > name.size())
      value = word.substr(name.size() + 1);
    else if (at_ < words_.size())
      value = words_[at_++];
    else
      value.clear();
    if (value.empty())
      return Error{name + ": its value is missing"};
    return {};
  }

  Result<> read_command(const CommandForm &form) {
    Given given{host_, {}, {}};
    bool options_ended = false;
    for (;;) {
      if (!options_ended && at_option()) {
        const std::string &word = words_[at_++];
        options_ended = word == "--";
        line_.asks_help = word == "--help";
        if (line_.asks_help)
          return {};
        if (options_ended)
          continue;
        if (!form.has_options)
          return Error{fmt::format("there is no option '{}' (try --help)", word)};
        if (auto result = read_cpuset_option(word, given.options); !result)
          return result.error();
      } else if (given.arguments.size() < form.arguments.size()) {
        if (at_ == words_.size() || words_[at_].empty())
          return Error{fmt::format("{} is missing", form.arguments[given.arguments.size()])};
        given.arguments.push_back(words_[at_++]);
      } else {
        break;
      }
    }
    auto command = form.make(given);
    if (!command)
      return command.error();
    line_.commands.push_back(std::move(*command));
    return {};
  }

  Result<> read_cpuset_option(const std::string &word, CpusetOptions &options) {
    for (const CpusetFlag &flag : cpuset_flags()) {
      const bool is_on = word == flag.on || word == flag.short_on;
      if (is_on || word == flag.off || word == flag.short_off) {
        options.*flag.value = is_on;
        return {};
      }
    }
    for (const char *name : {"--cpus", "--mems"}) {
      if (!word.starts_with(name))
        continue;
      std::string value;
      if (auto result = take_value(word, name, value); !result)
        return result.error();
      const bool is_cpus = std::string_view(name) == "--cpus";
      auto set = is_cpus ? read_cpu_nodes(host_, value) : read_memory_nodes(host_, value);
      if (!set)
        return Error{fmt::format("{}: {}", name, set.error().message)};
      (is_cpus ? options.cpus : options.mems) = std::move(*set);
      return {};
    }
    return Error{fmt::format("there is no option '{}' (try --help)", word)};
  }

  const Host &host_;
  const std::vector<std::string> &words_;
  std::size_t at_ = 0;
  VfioCommandLine line_;
};

} // namespace

const char *command_name(const VfioCommand &command) {
  return forms[command.index()].name;
}

Result<VfioCommandLine> read_vfio_commands(const Host &host,
                                           const std::vector<std::string> &arguments) {
  auto line = Reader(host, arguments).read();
  if (!line)
    return Error{"vfio-isolate: " + line.error().message};
  return line;
}

} // namespace qemu_pin
