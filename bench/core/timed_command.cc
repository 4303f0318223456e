/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timed_command.h"

#include "harness/child.h"
#include "harness/temp_dir.h"
#include "interruption.h"

#include <chrono>
#include <csignal>

using qemu_pin::Error;
using qemu_pin::Result;

namespace bench {

namespace {

/* How soon we see that we were interrupted. */
constexpr std::chrono::milliseconds look(200);

std::string last_line(std::string text) {
  while (text.ends_with('\n'))
    text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

} // namespace

Result<TimedCommand> run_timed(const std::vector<std::string> &argv,
                               const std::vector<std::string> &environment) {
  auto folder = TempDir::make();
  if (!folder)
    return folder.error();
  Command command{argv, folder->file("output"), folder->file("errors")};
  command.environment = environment;
  const auto start = std::chrono::steady_clock::now();
  auto child = Child::start(command);
  if (!child)
    return child.error();
  std::optional<int> status;
  while (!(status = child->wait(look)))
    if (interrupted()) {
      /* It may have much to undo. */
      child->signal(SIGTERM);
      child->wait(std::chrono::seconds(20));
      return Error{argv.front() + ": interrupted"};
    }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  if (*status != 0)
    return Error{argv.front() + ": status " + std::to_string(*status) + ": " +
                 last_line(read_text(folder->file("errors")))};
  return TimedCommand{time.count(), read_text(folder->file("output"))};
}

} // namespace bench
