/*
 * qemu-pin restore: gives CPUs back to the host.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/held_signals.h"

#include "base/printable.h"
#include "base/words.h"
#include "commands/subcommand.h"
#include "isolation/isolation.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <unistd.h>

namespace qemu_pin {

namespace {

struct RestoreOptions {
  std::string cpus, root;
  bool all = false, force = false;
};

/* Those to be given back. */
Result<std::vector<IsolationId>> chosen(const RestoreOptions &options,
                                        const std::vector<Isolation> &isolations) {
  std::vector<IsolationId> ids;
  std::vector<std::string> lists;
  for (const Isolation &isolation : isolations) {
    ids.push_back(isolation.id);
    lists.push_back(isolation.id.list());
  }
  if (!options.cpus.empty()) {
    auto cpus = read_cpu_set(options.cpus);
    if (!cpus)
      return cpus.error();
    const IsolationId id(*cpus);
    if (std::find(ids.begin(), ids.end(), id) != ids.end())
      return std::vector{id};
    if (ids.empty())
      return ids;
    return Error{
        fmt::format("{} not isolated, but {}", cpus_are(id.list()), fmt::join(lists, ", and "))};
  }
  if (ids.size() > 1 && !options.all)
    return Error{fmt::format("CPUs {} are isolated: say which are to be given back, or --all",
                             fmt::join(lists, ", and "))};
  return ids;
}

int restore(const RestoreOptions &options) {
  if (geteuid() != 0)
    return report("restoring changes the host: it must be run by root (sudo)");
  const HeldSignals held;
  const Host host(options.root);
  auto journal = Journal::open(host);
  if (!journal)
    return report(journal.error().message);
  auto ids = chosen(options, journal->content().isolations);
  if (!ids)
    return report(ids.error().message);
  if (ids->empty())
    fmt::print("nothing is isolated\n");
  int status = done;
  for (const IsolationId &id : *ids) {
    auto undone = undo_isolation(host, *journal, id, options.force);
    if (!undone)
      return report(undone.error().message);
    for (const std::string &left : undone->left)
      fmt::print("left alone: {}\n", printable(left));
    if (undone->balanced)
      fmt::print("{} interrupt{} where irqbalance has put {} since\n", undone->balanced,
                 undone->balanced == 1 ? " stays" : "s stay",
                 undone->balanced == 1 ? "it" : "them");
    for (const std::string &failed : undone->failed)
      report("not restored: " + printable(failed));
    if (!undone->failed.empty())
      return trouble;
    if (!undone->left.empty())
      status = not_as_planned;
    fmt::print("{} the host's again: {} undone\n", cpus_are(id.list()),
               counted(undone->restored, "change"));
  }
  return status;
}

} // namespace

void add_restore(Program &program, int &status) {
  auto options = std::make_shared<RestoreOptions>();
  const Command command = program.add_subcommand("restore", "Give isolated CPUs back to the host");
  command.footer(
      "A setting that another program has changed since is reported and left as it is.\n"
      "You can interrupt restore, and run it again. Exit status: 0 restored, or nothing\n"
      "was isolated, 1 a setting was left as it is, 2 error.");
  command.add_option("cpus", options->cpus, "CPUs of the isolation to undo, if there are several")
      .type_name("CPUS");
  command.add_flag("--all", options->all, "Undo all isolations").group("Which");
  command.add_flag("--force", options->force, "Also restore settings that another program changed")
      .group("How");
  command.add_option("--fsroot", options->root, "Host captured in a folder, which is changed")
      .type_name("DIR")
      .group("How");
  command.callback([options, &status] { status = restore(*options); });
}

} // namespace qemu_pin
