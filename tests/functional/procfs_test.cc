/*
 * Procfs on a made-up /proc, and on our own threads.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "procfs.h"
#include "temp_dir.h"

#include <filesystem>
#include <future>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <sys/prctl.h>
#include <thread>
#include <unistd.h>

using qemu_pin::Procfs;

namespace {

/* Process 40 with the threads given, files to be written by the test. */
class FakeProc {
public:
  explicit FakeProc(const std::vector<int> &threads) : folder_(std::move(*TempDir::make())) {
    for (int thread : threads)
      std::filesystem::create_directories(path(thread));
  }

  void write(int thread, const char *file, const std::string &text) {
    write_text(path(thread) + "/" + file, text);
  }
  void add_folder(const std::string &name) {
    std::filesystem::create_directories(folder_.file("40/task/" + name));
  }
  Procfs procfs() const { return Procfs(folder_.path()); }
  std::string path(int thread) const { return folder_.file("40/task/" + std::to_string(thread)); }

private:
  TempDir folder_;
};

/* A stat of 52 fields: 9 is flags, 22 is start_time, 39 is processor, 40 the priority and 41 the
 * policy, the others are -1. */
std::string stat_line(const std::string &name, const std::string &start_time,
                      const std::string &processor, const std::string &priority = "0",
                      const std::string &policy = "3", const std::string &flags = "4194368") {
  const std::map<int, std::string> fields = {
      {9, flags}, {22, start_time}, {39, processor}, {40, priority}, {41, policy}};
  std::string line = "41 (" + name + ") S";
  for (int field = 4; field <= 52; ++field)
    line += " " + (fields.contains(field) ? fields.at(field) : "-1");
  return line + "\n";
}

TEST(Procfs, ListsThreadsInAscendingOrder) {
  FakeProc proc({100, 40, 41, 9});
  auto ids = proc.procfs().thread_ids(40);
  ASSERT_TRUE(ids) << ids.error().message;
  EXPECT_EQ(*ids, (std::vector<pid_t>{9, 40, 41, 100}));
}

TEST(Procfs, RejectsATaskFolderOfOtherThings) {
  FakeProc proc({40});
  proc.add_folder("4x");
  auto ids = proc.procfs().thread_ids(40);
  ASSERT_FALSE(ids);
  EXPECT_TRUE(ids.error().message.ends_with("/40/task/4x: not a thread's id"));
}

TEST(Procfs, TakesAVanishedThreadForAnAbsentValue) {
  FakeProc proc({41});
  Procfs procfs = proc.procfs();
  EXPECT_TRUE(procfs.thread_ids(39)->empty());
  EXPECT_FALSE(procfs.stat(40, 42)->has_value());
  EXPECT_FALSE(procfs.allowed_cpus(40, 42)->has_value());
}

/* Many are still listed when join() returns. */
TEST(Procfs, TakesARealThreadThatEndedForAnAbsentValue) {
  for (int round = 0; round < 1000; ++round) {
    pid_t ended = 0;
    std::thread([&] { ended = gettid(); }).join();
    ASSERT_FALSE(Procfs().stat(getpid(), ended)->has_value());
  }
}

TEST(Procfs, TakesAThreadThatIsEndingForAnAbsentValue) {
  FakeProc proc({41});
  proc.write(41, "stat", stat_line("x", "1", "1", "0", "0", "4194372"));
  auto stat = proc.procfs().stat(40, 41);
  ASSERT_TRUE(stat) << stat.error().message;
  EXPECT_FALSE(stat->has_value());
}

TEST(Procfs, ReadsAllowedCpusAsTextAndAsASet) {
  FakeProc proc({41});
  proc.write(41, "status", "Name:\tx\nCpus_allowed:\tf\nCpus_allowed_list:\t2-3,1500\nMems:\t1\n");
  auto allowed = proc.procfs().allowed_cpus(40, 41);
  ASSERT_TRUE(allowed) << allowed.error().message;
  EXPECT_EQ((*allowed)->list, "2-3,1500");
  EXPECT_EQ(vcpupin_cpus_count((*allowed)->cpus.get()), 3U);
  EXPECT_TRUE(vcpupin_cpus_contains((*allowed)->cpus.get(), 1500));
}

TEST(Procfs, RejectsAStatusWithoutAProperList) {
  FakeProc proc({41});
  proc.write(41, "status", "Name:\tCpus_allowed_list:\t0\n");
  EXPECT_EQ(proc.procfs().allowed_cpus(40, 41).error().message,
            proc.path(41) + "/status: no Cpus_allowed_list");
  proc.write(41, "status", "Cpus_allowed_list:\t3-\n");
  EXPECT_TRUE(
      proc.procfs().allowed_cpus(40, 41).error().message.starts_with(proc.path(41) + "/status: "));
}

TEST(Procfs, ReadsStatWhateverTheThreadIsCalled) {
  FakeProc proc({41});
  for (const char *name : {"CPU 0/KVM", "a) S 1 2", ") (", "((", "", "x\ny"}) {
    proc.write(41, "stat", stat_line(name, "18446744073709551615", "1023"));
    auto stat = proc.procfs().stat(40, 41);
    ASSERT_TRUE(stat) << stat.error().message;
    EXPECT_EQ((*stat)->name, name);
    EXPECT_EQ((*stat)->start_time, 18446744073709551615U);
    EXPECT_EQ((*stat)->processor, 1023U);
    EXPECT_EQ((*stat)->rt_priority, 0U);
    EXPECT_EQ((*stat)->policy, 3U);
  }
}

TEST(Procfs, RejectsAMalformedStat) {
  FakeProc proc({41});
  for (const std::string &text :
       {std::string(), std::string("41 x S 1"), std::string("41 (x) S 1 2 3\n"), std::string(") ("),
        stat_line("x", "soon", "1"), stat_line("x", "1", "-1"),
        stat_line("x", "18446744073709551616", "1"), stat_line("x", "1", "1x"),
        stat_line("x", "1", "1", "-1"), stat_line("x", "1", "1", "0", "fifo"),
        stat_line("x", "1", "1", "0", "0", "exiting")}) {
    proc.write(41, "stat", text);
    EXPECT_EQ(proc.procfs().stat(40, 41).error().message,
              proc.path(41) + "/stat: not a thread's stat")
        << text;
  }
}

TEST(Procfs, ReadsOurOwnThreads) {
  std::promise<pid_t> started;
  std::promise<void> finish;
  std::thread thread([&] {
    prctl(PR_SET_NAME, "a (test) S");
    started.set_value(gettid());
    finish.get_future().wait();
  });
  const pid_t id = started.get_future().get();
  auto ids = Procfs().thread_ids(getpid());
  auto stat = Procfs().stat(getpid(), id);
  auto main_stat = Procfs().stat(getpid(), getpid());
  auto allowed = Procfs().allowed_cpus(getpid(), id);
  finish.set_value();
  thread.join();

  EXPECT_NE(std::find(ids->begin(), ids->end(), id), ids->end());
  EXPECT_EQ((*stat)->name, "a (test) S");
  EXPECT_GE((*stat)->start_time, (*main_stat)->start_time);
  EXPECT_TRUE(vcpupin_cpus_contains((*allowed)->cpus.get(), (*stat)->processor));
}

} // namespace
