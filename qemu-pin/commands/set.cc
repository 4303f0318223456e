/*
 * qemu-pin set: other pins for a running machine.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "base/number.h"
#include "commands/machine_options.h"
#include "commands/subcommand.h"
#include "machine/repin.h"

#include <csignal>
#include <fmt/format.h>
#include <memory>

namespace qemu_pin {

namespace {

struct SetOptions {
  MachineOptions machine;
  std::vector<std::string> assignments, scheds;
  std::string plan;
  bool dry_run = false, json = false, quiet = false;
};

/* "vcpu=0:8" in its parts; no name where there is but one value. */
struct Assignment {
  std::string role, name, value;
};

Result<Assignment> split(const std::string &text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos)
    return Error{text + ": ROLE=VALUE is expected"};
  Assignment parts{text.substr(0, equals), "", text.substr(equals + 1)};
  if (parts.role != "vcpu" && parts.role != "iothread" && parts.role != "emulator")
    return Error{text + ": '" + parts.role + "' is not one of vcpu, iothread, emulator"};
  return parts;
}

Result<unsigned> vcpu_number(const std::string &text, const std::string &name) {
  if (const auto vcpu = number<unsigned>(name))
    return *vcpu;
  return Error{text + ": '" + name + "' is not the number of a vCPU"};
}

/* vcpu=N:CPUS, iothread=ID:CPUS, emulator=CPUS */
Result<> add_cpus(PinRequests &requests, const std::string &text) {
  auto parts = split(text);
  if (!parts)
    return parts.error();
  if (parts->role != "emulator") {
    const std::size_t colon = parts->value.find(':');
    if (colon == std::string::npos)
      return Error{text + ": " + parts->role + (parts->role == "vcpu" ? "=N:CPUS" : "=ID:CPUS") +
                   " is expected"};
    parts->name = parts->value.substr(0, colon);
    parts->value.erase(0, colon + 1);
  }
  PinOption option;
  option.option = parts->role == "vcpu"       ? "-vcpu"
                  : parts->role == "iothread" ? "-iothreadpin"
                                              : "-emulatorpin";
  option.name = parts->name;
  option.affinity = {parts->value};
  return requests.add(option, text);
}

/* ROLE=POLICY[:PRIORITY] for all of that role, or ROLE=NAME:POLICY[:PRIORITY]. */
struct SchedAssignment {
  std::string role, name;
  Sched sched;
};

Result<SchedAssignment> read_sched_assignment(const std::string &text) {
  auto parts = split(text);
  if (!parts)
    return parts.error();
  std::vector<std::string> words(1);
  for (const char c : parts->value) {
    if (c == ':')
      words.emplace_back();
    else
      words.back() += c;
  }
  SchedAssignment assignment{parts->role, "", {}};
  /* A name comes first where the first word is no policy. */
  if (parts->role != "emulator" && words.size() > 1 && !read_sched(words[0], std::nullopt)) {
    assignment.name = words[0];
    words.erase(words.begin());
  }
  if (words.size() > 2)
    return Error{text + ": ':" + words[2] + "' is one too many"};
  auto sched = read_sched(words[0], words.size() > 1 ? std::optional(words[1]) : std::nullopt);
  if (!sched)
    return Error{text + ": " + sched.error().message};
  assignment.sched = *sched;
  return assignment;
}

Result<> add_sched(AskedPins &asked, const std::string &text,
                   const std::vector<MachineThread> &threads) {
  auto given = read_sched_assignment(text);
  if (!given)
    return given.error();
  const auto put = [&](AskedPin &pin) { pin.sched = given->sched; };
  if (given->role == "emulator") {
    put(asked.emulator.emplace(asked.emulator.value_or(AskedPin())));
  } else if (given->role == "vcpu" && !given->name.empty()) {
    auto vcpu = vcpu_number(text, given->name);
    if (!vcpu)
      return vcpu.error();
    put(asked.vcpus[*vcpu]);
  } else if (!given->name.empty()) {
    put(asked.iothreads[given->name]);
  } else {
    bool is_there = false;
    for (const MachineThread &thread : threads) {
      if (given->role != (thread.role == Role::vcpu       ? "vcpu"
                          : thread.role == Role::iothread ? "iothread"
                                                          : ""))
        continue;
      is_there = true;
      if (thread.role == Role::iothread)
        put(asked.iothreads[thread.iothread]);
      else /* one that all share has the number of any */
        put(asked.vcpus[thread.vcpus.empty() ? 0 : thread.vcpus[0]]);
    }
    if (!is_there)
      return Error{text + ": no thread of this machine is known to be such a one"};
  }
  return {};
}

Result<AskedPins> read(const SetOptions &options, Machine &machine) {
  PinRequests requests;
  if (!options.plan.empty()) {
    auto plan = read_plan(options.plan);
    if (!plan)
      return plan.error();
    for (const PinOption &option : options_of(*plan))
      if (auto result = requests.add(option); !result)
        return result.error();
  }
  for (const std::string &assignment : options.assignments)
    if (auto result = add_cpus(requests, assignment); !result)
      return result.error();
  AskedPins asked = requests.pins();
  auto threads = machine.threads();
  if (!threads)
    return threads.error();
  for (const std::string &sched : options.scheds)
    if (auto result = add_sched(asked, sched, *threads); !result)
      return result.error();
  return asked;
}

void print(const SetOptions &options, const std::vector<PinChange> &changes) {
  if (options.json) {
    using nlohmann::ordered_json;
    const auto pin = [](const ThreadPin &one) {
      return ordered_json{{"cpus", cpu_list(one.cpus)},
                          {"policy", vcpupin_policy_name(one.sched.policy)},
                          {"priority", one.sched.priority}};
    };
    ordered_json document = {
        {"qemu-pin-set", 1}, {"dry-run", options.dry_run}, {"changes", ordered_json::array()}};
    for (const PinChange &change : changes)
      document["changes"].push_back({{"role", change.role},
                                     {"thread", change.thread.id},
                                     {"former", pin(change.former)},
                                     {"now", pin(change.asked)}});
    fmt::print("{}", json_document(document));
    return;
  }
  if (options.quiet)
    return;
  for (const PinChange &change : changes) {
    fmt::print("{} (thread {}):", change.role, change.thread.id);
    if (change.former.cpus != change.asked.cpus)
      fmt::print(" CPUs {} -> {}", cpu_list(change.former.cpus), cpu_list(change.asked.cpus));
    if (change.former.sched != change.asked.sched)
      fmt::print(" {} -> {}", sched_name(change.former.sched), sched_name(change.asked.sched));
    fmt::print("\n");
  }
  if (changes.empty())
    fmt::print("all have that already\n");
}

/* Without signals meanwhile: a change is made as a whole, or not at all. */
class Uninterrupted {
public:
  Uninterrupted() {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &former_);
  }
  ~Uninterrupted() { sigprocmask(SIG_SETMASK, &former_, nullptr); }
  Uninterrupted(const Uninterrupted &) = delete;
  Uninterrupted &operator=(const Uninterrupted &) = delete;

private:
  sigset_t former_{};
};

int set(SetOptions &options) {
  if (auto result = take_process(options.assignments, options.machine); !result)
    return report(result.error().message);
  if (options.assignments.empty() && options.scheds.empty() && options.plan.empty())
    return report("what to set is missing: vcpu=N:CPUS and so on, --sched or --plan (try --help)");
  auto machine = open_machine(Host(), options.machine);
  if (!machine)
    return report(machine.error().message);
  auto asked = read(options, **machine);
  if (!asked)
    return report(asked.error().message);
  Result<std::vector<PinChange>> changes = std::vector<PinChange>();
  if (options.dry_run) {
    changes = changes_for(**machine, *asked);
  } else {
    const Uninterrupted here;
    changes = repin(**machine, *asked);
  }
  if (!changes)
    return report(changes.error().message);
  print(options, *changes);
  return done;
}

} // namespace

void add_set(Program &program, int &status) {
  auto options = std::make_shared<SetOptions>();
  const Command set_command = program.add_subcommand("set", "Pin the threads of a running machine");
  set_command.footer(
      "All or nothing: when one thread cannot be pinned, what was changed is put back.\n"
      "Exit status: 0 done, 2 nothing was changed, or trouble.");
  set_command
      .add_option("PID|ROLE=PIN", options->assignments,
                  "QEMU's process, default: the only one; then\n"
                  "vcpu=N:CPUS, iothread=ID:CPUS, emulator=CPUS")
      .type_name("");
  add_machine_options(set_command, options->machine, false, false);
  set_command.add_option("--plan", options->plan, "As this plan says (JSON)")
      .type_name("FILE")
      .group("What");
  set_command
      .add_option("--sched", options->scheds,
                  "vcpu, iothread or emulator=POLICY[:PRIORITY],\n"
                  "or vcpu=N:POLICY[:PRIORITY] and so on")
      .type_name("ROLE=POLICY")
      .repeatable()
      .group("What");
  set_command.add_flag("-n,--dry-run", options->dry_run, "Only print what would change")
      .group("Output");
  set_command.add_flag("--json", options->json, "As JSON").group("Output");
  set_command.add_flag("-q,--quiet", options->quiet, "Print nothing if all goes well")
      .group("Output");
  set_command.callback([options, &status] { status = set(*options); });
}

} // namespace qemu_pin
