/*
 * qemu-pin show --watch on running machines, its output a file; watch.bats has a terminal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "qemu_pin_program.h"

#include <algorithm>
#include <sstream>

using nlohmann::json;

namespace {

bool comes_to_hold(const std::string &file, const std::string &text) {
  return comes_true([&] { return read_text(file).find(text) != std::string::npos; });
}

class ShowWatch : public MachineTest {};

} // namespace

/* With what it printed till then, and one line more. */
TEST_P(ShowWatch, AWatchEndsWithItsMachine) {
  auto guest = started(spec({"-name", "guest=win11,debug-threads=on"}));
  ASSERT_TRUE(guest);
  const std::string process = pid(*guest);
  auto watch = Child::start(
      {{QEMU_PIN, "show", "--watch=0.1", process}, files->file("output"), files->file("errors")});
  auto json_watch = Child::start({{QEMU_PIN, "show", "--json", "--watch=0.1", process},
                                  files->file("json"),
                                  files->file("json-errors")});
  ASSERT_TRUE(watch && json_watch);
  const auto tables = [&] {
    std::size_t n = 0;
    const std::string text = read_text(files->file("output"));
    for (std::size_t at = text.find("ROLE "); at != std::string::npos;
         at = text.find("ROLE ", at + 1))
      ++n;
    return n;
  };
  const auto documents = [&] {
    const std::string text = read_text(files->file("json"));
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_TRUE(comes_true([&] { return tables() >= 3 && documents() >= 3; }));
  guest.reset();
  EXPECT_EQ(watch->wait(), 0);
  EXPECT_EQ(json_watch->wait(), 0);
  const std::string text = read_text(files->file("output"));
  EXPECT_GE(tables(), 3U) << text;
  EXPECT_TRUE(text.starts_with("process " + process + " (guest win11), ")) << text;
  EXPECT_NE(text.find("since each thread began\n"), std::string::npos);
  EXPECT_NE(text.find("\n\nprocess " + process), std::string::npos);
  EXPECT_NE(text.find(" threads, over "), std::string::npos);
  EXPECT_TRUE(text.ends_with("\nprocess " + process + " (guest win11) has ended\n")) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  std::istringstream lines(read_text(files->file("json")));
  for (std::string line; std::getline(lines, line);)
    EXPECT_EQ(qemu_pin::parse_json(line)["qemu-pin-show"], 1) << line;
  EXPECT_EQ(read_text(files->file("json-errors")),
            "process " + process + " (guest win11) has ended\n");
}

/* Machines that start later are watched too. */
TEST_P(ShowWatch, AWatchOfAllSeesNewMachines) {
  auto first = started(spec({"-name", "guest=first,debug-threads=on"}));
  ASSERT_TRUE(first);
  auto watch =
      Child::start({{QEMU_PIN, "show", "--all", "--watch=0.1"}, files->file("output"), ""});
  ASSERT_TRUE(watch);
  const std::string output = files->file("output");
  EXPECT_TRUE(comes_to_hold(output, "process " + pid(*first) + " (guest first), "));
  auto second = started(spec({"-name", "guest=second,debug-threads=on"}));
  ASSERT_TRUE(second);
  EXPECT_TRUE(comes_to_hold(output, "process " + pid(*second) + " (guest second), "));
}

/* A monitor that was found is its user's: it answers others while we watch. */
TEST_P(ShowWatch, AWatchLeavesTheMonitorToOthers) {
  auto guest = started(spec(monitor_option()));
  ASSERT_TRUE(guest);
  auto watch =
      Child::start({{QEMU_PIN, "show", "--watch=0.1", pid(*guest)}, files->file("output"), ""});
  ASSERT_TRUE(watch);
  ASSERT_TRUE(comes_to_hold(files->file("output"), "\nvcpu 1 "));
  auto monitor = qemu_pin::Qmp::connect(monitor_socket(), patience);
  ASSERT_TRUE(monitor) << monitor.error().message;
  EXPECT_TRUE(monitor->execute("query-status"));
}

/* It may have another client, or be slow to answer: roles are known once it does. */
TEST_P(ShowWatch, AMonitorThatDoesNotAnswerIsAskedAgain) {
  auto guest = started(spec(monitor_option()));
  ASSERT_TRUE(guest);
  std::optional<qemu_pin::Qmp> other;
  {
    auto monitor = qemu_pin::Qmp::connect(monitor_socket(), patience);
    ASSERT_TRUE(monitor) << monitor.error().message;
    other.emplace(std::move(*monitor));
  }
  auto watch =
      Child::start({{QEMU_PIN, "show", "--watch=0.1", pid(*guest)}, files->file("output"), ""});
  ASSERT_TRUE(watch);
  ASSERT_TRUE(comes_to_hold(files->file("output"), "\n?  "));
  other.reset();
  EXPECT_TRUE(comes_to_hold(files->file("output"), "\nvcpu 1 "));
}

INSTANTIATE_TEST_SUITE_P(Show, ShowWatch, testing::ValuesIn(qemus()), qemu_name);
