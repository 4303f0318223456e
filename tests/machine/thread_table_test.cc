/*
 * The table of a machine's threads: its columns, how it fits a terminal, and what it
 * makes of names that are not text. And the same as JSON.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "observe/show_json.h"
#include "observe/thread_table.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace qemu_pin;

namespace {

ThreadRow row(Role role, pid_t id, const std::string &name, const std::string &cpus) {
  ThreadRow row{{id, 1, name, role, {}, "", 3, {}}, cpus, {SCHED_OTHER, 0}, {}};
  row.counts = ThreadCounts{2s, 0, 0, 0, 0};
  return row;
}

MachineLook look() {
  MachineLook look{4711, "win11", 2s, {}};
  look.threads.push_back(row(Role::vcpu, 4715, "CPU 0/KVM", "2"));
  look.threads[0].thread.vcpus = {0};
  look.threads[0].sched = {SCHED_FIFO, 1};
  look.threads[0].counts = ThreadCounts{2s, 1'000'000'000, 1'250'000, 7, 12};
  look.threads.push_back(row(Role::iothread, 4714, "IO io0", "0-1,8"));
  look.threads[1].thread.iothread = "io0";
  look.threads.push_back(row(Role::emulator, 4711, "qemu-system-x86", "0-1,8"));
  return look;
}

std::vector<std::string> lines(const ThreadTable &table) {
  std::vector<std::string> lines = {text_of(table.title), text_of(table.headings)};
  for (const Line &line : table.threads)
    lines.push_back(text_of(line));
  return lines;
}

std::vector<std::string> table(const MachineLook &look, const TableStyle &style = {}) {
  return lines(thread_table(look, style));
}

std::size_t columns_of(const std::string &text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

TEST(ThreadTable, HasALineForEachThreadUnderTheHeadings) {
  EXPECT_EQ(
      table(look()),
      (std::vector<std::string>{
          "process 4711 (guest win11), 3 threads, over 2.0 s",
          "ROLE          THREAD  CPUS   ON  POLICY  PRIO     CPU    WAIT  MIGR  INVOL  NAME",
          "vcpu 0          4715  2       3  fifo       1   50.0%   1.2ms     7     12  CPU 0/KVM",
          "iothread io0    4714  0-1,8   3  other      -    0.0%       0     0      0  IO io0",
          "emulator        4711  0-1,8   3  other      -    0.0%       0     0      0  "
          "qemu-system-x86"}));
}

TEST(ThreadTable, SaysWhenItCountsFromTheBeginning) {
  MachineLook first = look();
  first.since.reset();
  first.guest = "";
  first.threads.resize(1);
  EXPECT_EQ(table(first)[0], "process 4711, 1 thread, since each thread began");
}

TEST(ThreadTable, HasADashForWhatTheKernelDoesNotCount) {
  MachineLook uncounted = look();
  uncounted.threads[0].counts.reset();
  uncounted.threads[1].counts->migrations.reset();
  uncounted.threads[1].counts->involuntary.reset();
  EXPECT_EQ(
      table(uncounted)[2],
      "vcpu 0          4715  2       3  fifo       1       -       -     -      -  CPU 0/KVM");
  EXPECT_EQ(table(uncounted)[3],
            "iothread io0    4714  0-1,8   3  other      -    0.0%       0     -      -  IO io0");
}

TEST(ThreadTable, ShowsNoByteOfANameThatATerminalWouldObey) {
  MachineLook hostile = look();
  hostile.guest = "a\x1b[2Jb\n";
  hostile.threads[0].thread.name = "\x1b]0;x\a\xff";
  hostile.threads[1].thread.iothread = "\r";
  const std::vector<std::string> shown = table(hostile);
  EXPECT_EQ(shown[0], "process 4711 (guest a\\x1b[2Jb\\x0a), 3 threads, over 2.0 s");
  EXPECT_TRUE(shown[2].ends_with("  \\x1b]0;x\\x07\\xff")) << shown[2];
  EXPECT_TRUE(shown[3].starts_with("iothread \\x0d ")) << shown[3];
}

TEST(ThreadTable, LeavesOutTheLeastImportantColumnsFirst) {
  const auto headings = [](std::size_t width) { return table(look(), {width, Bars::none})[1]; };
  EXPECT_EQ(headings(200),
            "ROLE          THREAD  CPUS   ON  POLICY  PRIO     CPU    WAIT  MIGR  INVOL  NAME");
  EXPECT_EQ(headings(80),
            "ROLE          THREAD  CPUS   ON  POLICY  PRIO     CPU    WAIT  MIGR  INVOL");
  EXPECT_EQ(headings(73), "ROLE          THREAD  CPUS   ON  POLICY  PRIO     CPU    WAIT  MIGR");
  EXPECT_EQ(headings(66), "ROLE          THREAD  CPUS   ON  POLICY  PRIO     CPU    WAIT");
  EXPECT_EQ(headings(54), "ROLE          THREAD  CPUS   ON     CPU    WAIT");
  EXPECT_EQ(headings(40), "ROLE          CPUS   ON     CPU    WAIT");
  EXPECT_EQ(headings(22), "ROLE             CPU");
  EXPECT_EQ(headings(1), "ROLE             CPU");
}

TEST(ThreadTable, FitsEveryWidthThatHasRoomForRoleAndShare) {
  for (std::size_t width = 20; width < 140; ++width)
    for (const Bars bars : {Bars::none, Bars::ascii, Bars::blocks}) {
      const std::vector<std::string> shown = table(look(), {width, bars});
      for (std::size_t i = 1; i < shown.size(); ++i)
        EXPECT_LE(columns_of(shown[i]), width) << shown[i];
    }
}

TEST(ThreadTable, CutsLongListsOnlyForATerminal) {
  MachineLook wide = look();
  wide.threads[0].cpus = "0,2,4,6,8,10,12,14,16,18,20,22";
  EXPECT_NE(table(wide)[2].find("  0,2,4,6,8,10,12,14,16,18,20,22  "), std::string::npos);
  EXPECT_NE(table(wide, {100, Bars::none})[2].find("  0,2,4,6,8,10,12,14..  "), std::string::npos);
}

TEST(ThreadTable, DrawsAShareAsABar) {
  MachineLook half = look();
  half.threads.resize(1);
  EXPECT_NE(table(half, {200, Bars::ascii})[2].find("50.0%  ##########            "),
            std::string::npos);
  EXPECT_NE(table(half, {200, Bars::blocks})[2].find("50.0%  ██████████            "),
            std::string::npos);
  half.threads[0].counts->run_ns = 62'500'000; /* 1/32 of 20 columns: 5/8 of one */
  EXPECT_NE(table(half, {200, Bars::blocks})[2].find("3.1%  ▋"), std::string::npos);
  half.threads[0].counts->run_ns = 2'100'000'000; /* more than the time, by rounding */
  EXPECT_NE(table(half, {200, Bars::ascii})[2].find("100.0%  ####################  "),
            std::string::npos);
}

TEST(ThreadTable, MarksWhatColoursAreFor) {
  MachineLook marked = look();
  marked.threads[0].counts->wait_ns = 30'000'000;
  marked.threads[2].thread.role = Role::unknown;
  const ThreadTable table = thread_table(marked, {100, Bars::ascii});
  const auto accents = [](const Line &line) {
    std::string found;
    for (const Span &span : line)
      found += span.accent == Accent::bar       ? "b"
               : span.accent == Accent::wait    ? "w"
               : span.accent == Accent::unknown ? "u"
               : span.accent == Accent::heading ? "h"
                                                : "";
    return found;
  };
  EXPECT_EQ(accents(table.title), "h");
  EXPECT_EQ(accents(table.threads[0]), "bw"); /* 1.5% of the time it waited */
  EXPECT_EQ(accents(table.threads[1]), "");
  EXPECT_EQ(accents(table.threads[2]), "u");
}

std::vector<std::string> screen(const std::vector<ThreadTable> &tables, std::size_t width,
                                std::size_t height) {
  std::vector<std::string> shown;
  for (const Line &line : screenful(tables, "q leaves", width, height))
    shown.push_back(text_of(line));
  return shown;
}

TEST(Screenful, SaysHowManyThreadsItDoesNotShow) {
  const ThreadTable one = thread_table(look(), {80, Bars::none});
  const std::vector<std::string> all = lines(one);
  EXPECT_EQ(screen({one}, 80, 6),
            (std::vector<std::string>{all[0], all[1], all[2], all[3], all[4], "q leaves"}));
  EXPECT_EQ(screen({one}, 80, 5),
            (std::vector<std::string>{all[0], all[1], all[2], all[3], "1 not shown; q leaves"}));
  EXPECT_EQ(screen({one}, 80, 3), (std::vector<std::string>{"", "", "3 not shown; q leaves"}));
  EXPECT_EQ(screen({one}, 80, 1), (std::vector<std::string>{"3 not shown; q leaves"}));
  EXPECT_TRUE(screen({one}, 80, 0).empty());
}

TEST(Screenful, PartsMachinesByAnEmptyLine) {
  const ThreadTable one = thread_table(look(), {80, Bars::none});
  const std::vector<std::string> shown = screen({one, one}, 80, 14);
  ASSERT_EQ(shown.size(), 14U);
  EXPECT_EQ(shown[5], "");
  EXPECT_EQ(shown[6], lines(one)[0]);
  EXPECT_EQ(shown[13], "q leaves");
  /* No headings without a thread. */
  EXPECT_EQ(screen({one, one}, 80, 9)[6], "");
  EXPECT_EQ(screen({one, one}, 80, 9)[8], "3 not shown; q leaves");
}

TEST(Screenful, CutsWhatIsTooWide) {
  const ThreadTable one = thread_table(look(), {12, Bars::none});
  for (const std::string &line : screen({one}, 12, 7))
    EXPECT_LE(columns_of(line), 12U) << line;
  ThreadTable blocks;
  blocks.title = {{"██████████"}, {"x"}};
  blocks.threads.resize(1);
  EXPECT_EQ(screen({blocks}, 3, 4)[0], "███");
}

TEST(ShortTime, IsOfAtMostSixCharacters) {
  const std::vector<std::pair<std::chrono::nanoseconds, std::string>> times = {
      {0ns, "0"},          {1ns, "1ns"},          {999ns, "999ns"},
      {1us, "1us"},        {999999ns, "999us"},   {1ms, "1.0ms"},
      {99999us, "99.9ms"}, {100ms, "100ms"},      {999999us, "999ms"},
      {1s, "1.0s"},        {59999ms, "59.9s"},    {60s, "1m00s"},
      {3599s, "59m59s"},   {3600s, "1h00m"},      {86399s, "23h59m"},
      {86400s, "1d00h"},   {24h * 365, "365d00h"}};
  for (const auto &[time, text] : times)
    EXPECT_EQ(short_time(time), text);
}

TEST(ShowJson, HasEveryFigure) {
  MachineLook two = look();
  two.threads.resize(2);
  two.threads[1].counts.reset();
  const auto document = qemu_pin::parse_json(show_json({two}, false));
  EXPECT_EQ(document, qemu_pin::parse_json(R"({"qemu-pin-show": 1, "machines": [
    {"pid": 4711, "guest": "win11", "since": "look", "threads": [
      {"role": "vcpu", "vcpus": [0], "id": 4715, "name": "CPU 0/KVM", "cpus": "2", "cpu": 3,
       "policy": "fifo", "priority": 1, "over_ns": 2000000000, "run_ns": 1000000000,
       "wait_ns": 1250000, "migrations": 7, "involuntary": 12},
      {"role": "iothread", "iothread": "io0", "id": 4714, "name": "IO io0", "cpus": "0-1,8",
       "cpu": 3, "policy": "other", "priority": 0}]}]})"));
}

TEST(ShowJson, IsOneLineWhereItIsOneOfMany) {
  const std::string text = show_json({look(), look()}, true);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_EQ(qemu_pin::parse_json(text)["machines"].size(), 2U);
}

TEST(ShowJson, IsJsonWhateverAThreadIsCalled) {
  MachineLook hostile = look();
  hostile.threads[0].thread.name = "\xff\"\n\x1b";
  const auto document = qemu_pin::parse_json(show_json({hostile}, true));
  EXPECT_EQ(document["machines"][0]["threads"][0]["name"], "\xef\xbf\xbd\"\n\x1b");
}

TEST(ShowJson, NamesTheRolesThatHaveNeitherNumberNorName) {
  MachineLook one = look();
  one.threads.resize(1);
  for (const auto &[role, name] :
       std::vector<std::pair<Role, std::string>>{{Role::emulator, "emulator"},
                                                 {Role::worker, "worker"},
                                                 {Role::context, "context"},
                                                 {Role::kvm, "kvm"},
                                                 {Role::vhost, "vhost"},
                                                 {Role::unknown, "unknown"}}) {
    one.threads[0].thread.role = role;
    const auto document = qemu_pin::parse_json(show_json({one}, true));
    EXPECT_EQ(document["machines"][0]["threads"][0]["role"], name);
    EXPECT_FALSE(document["machines"][0]["threads"][0].contains("vcpus"));
  }
}

} // namespace
