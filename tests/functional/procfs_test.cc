/*
 * Procfs on a made-up /proc, and on our own threads.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "harness/patience.h"
#include "harness/temp_dir.h"
#include "kernel/procfs.h"

#include <algorithm>
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
  /* Of the process itself. */
  void write(const char *file, const std::string &text) {
    write_text(process_path() + "/" + file, text);
  }
  std::string process_path() const { return folder_.file("40"); }
  const std::string &root() const { return folder_.path(); }
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
  EXPECT_EQ((*allowed)->cpus.size(), 3U);
  EXPECT_TRUE((*allowed)->cpus.contains(1500));
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
    EXPECT_EQ((*stat)->thread.start_time, 18446744073709551615U);
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

const std::string sched_file = "x (41, #threads: 1)\n"
                               "-------------------------------------\n"
                               "se.exec_start                  :      38156935.437967\n"
                               "se.nr_migrations               :                    7\n"
                               "nr_switches                    :                   30\n"
                               "nr_voluntary_switches          :                   18\n"
                               "nr_involuntary_switches        :                   12\n";

TEST(Procfs, ReadsWhatAThreadHasHadOfCpus) {
  FakeProc proc({41});
  proc.write(41, "schedstat", "1000 2000 30\n");
  proc.write(41, "sched", sched_file);
  auto usage = proc.procfs().usage(40, 41);
  ASSERT_TRUE(usage) << usage.error().message;
  EXPECT_EQ(*usage, (qemu_pin::ThreadUsage{1000, 2000, 30, 7, 12}));
}

TEST(Procfs, NamesNoMigrationsWhereTheKernelHasNone) {
  FakeProc proc({41});
  proc.write(41, "schedstat", "1 2 3\n");
  EXPECT_EQ(*proc.procfs().usage(40, 41), (qemu_pin::ThreadUsage{1, 2, 3, {}, {}}));
  proc.write(41, "sched",
             "not.se.nr_migrations : 1\nse.nr_migrations.not : 1\n"
             "se.nr_migrations\n : 1\nnr_involuntary_switches : many\n");
  EXPECT_EQ(*proc.procfs().usage(40, 41), (qemu_pin::ThreadUsage{1, 2, 3, {}, {}}));
}

/* The slow file is read again only of a thread that has run. */
TEST(Procfs, TakesCountsOfAThreadThatHasNotRunFromTheFormerLook) {
  FakeProc proc({41});
  proc.write(41, "schedstat", "1000 2000 30\n");
  proc.write(41, "sched", sched_file);
  const qemu_pin::ThreadUsage former{1000, 2000, 30, 1, 2};
  EXPECT_EQ(*proc.procfs().usage(40, 41, &former), former);
  for (const char *changed : {"1001 2000 30\n", "1000 2001 30\n", "1000 2000 31\n"}) {
    proc.write(41, "schedstat", changed);
    auto usage = proc.procfs().usage(40, 41, &former);
    EXPECT_EQ((*usage)->migrations, 7U) << changed;
    EXPECT_EQ((*usage)->involuntary, 12U) << changed;
  }
}

TEST(Procfs, RejectsAMalformedSchedstat) {
  FakeProc proc({41});
  EXPECT_FALSE(proc.procfs().usage(40, 41)->has_value());
  for (const char *text :
       {"1 2", "1 2 x\n", "-1 2 3\n", "1  2 3\n", "18446744073709551616 2 3\n"}) {
    proc.write(41, "schedstat", text);
    EXPECT_EQ(proc.procfs().usage(40, 41).error().message,
              proc.path(41) + "/schedstat: not a thread's schedstat");
  }
}

TEST(Procfs, SeesOurThreadRunAndNotOneThatSleeps) {
  std::promise<pid_t> started;
  std::promise<void> finish;
  std::thread thread([&] {
    started.set_value(gettid());
    finish.get_future().wait();
  });
  const pid_t sleeper = started.get_future().get();
  while ((*Procfs().stat(getpid(), sleeper))->state != 'S')
    std::this_thread::yield();
  const auto asleep = **Procfs().usage(getpid(), sleeper);
  const auto before = **Procfs().usage(getpid(), gettid());
  /* We run: comes_true() sleeps between looks, but not for long. */
  auto after = before;
  EXPECT_TRUE(comes_true([&] {
    after = **Procfs().usage(getpid(), gettid());
    return after.run_ns > before.run_ns + 10'000'000;
  }));
  EXPECT_EQ(**Procfs().usage(getpid(), sleeper), asleep);
  finish.set_value();
  thread.join();

  EXPECT_GE(after.slices, before.slices);
}

TEST(Procfs, ListsProcessesInAscendingOrder) {
  FakeProc proc({40});
  for (const char *name : {"9", "100", "self", "4x", "sys"})
    std::filesystem::create_directories(proc.root() + "/" + name);
  EXPECT_EQ(*proc.procfs().process_ids(), (std::vector<pid_t>{9, 40, 100}));
  EXPECT_EQ(Procfs(proc.root() + "/nowhere").process_ids().error().message,
            proc.root() + "/nowhere: No such file or directory");
  const auto real = *Procfs().process_ids();
  EXPECT_TRUE(std::is_sorted(real.begin(), real.end()));
  EXPECT_TRUE(std::binary_search(real.begin(), real.end(), getpid()));
}

TEST(Procfs, ReadsArgumentsThatEachEndWithANul) {
  FakeProc proc({40});
  using Arguments = std::vector<std::string>;
  const auto arguments = [&] { return *proc.procfs().arguments(40); };
  EXPECT_EQ(arguments(), Arguments());
  proc.write("cmdline", "");
  EXPECT_EQ(arguments(), Arguments());
  proc.write("cmdline", std::string("qemu\0-name\0a b\n\0\0", 17));
  EXPECT_EQ(arguments(), (Arguments{"qemu", "-name", "a b\n", ""}));
  /* A program may have written over its own. */
  proc.write("cmdline", std::string("qemu\0-na", 8));
  EXPECT_EQ(arguments(), (Arguments{"qemu", "-na"}));
  /* Longer than any buffer. */
  proc.write("cmdline", std::string(10'000, 'x') + std::string("\0y\0", 3));
  EXPECT_EQ(arguments(), (Arguments{std::string(10'000, 'x'), "y"}));
  EXPECT_FALSE(Procfs().arguments(getpid())->empty());
}

TEST(Procfs, NamesTheProgramOfAProcess) {
  FakeProc proc({40});
  EXPECT_EQ(proc.procfs().program(40), "");
  std::filesystem::create_symlink("/usr/bin/qemu-system-x86_64 (deleted)",
                                  proc.process_path() + "/exe");
  EXPECT_EQ(proc.procfs().program(40), "/usr/bin/qemu-system-x86_64 (deleted)");
  EXPECT_EQ(Procfs().program(getpid()), std::filesystem::canonical("/proc/self/exe"));
}

TEST(Procfs, NamesTheProcessOfAThread) {
  FakeProc proc({40});
  EXPECT_FALSE(proc.procfs().process_of(40)->has_value());
  proc.write("status", "Name:\tTgid:\t7\nNgid:\t8\nTgid:\t39\nPid:\t40\n");
  EXPECT_EQ(**proc.procfs().process_of(40), 39);
  for (const char *text : {"", "Tgid:\tx\n", "Tgid: 39\n", "Ngid:\t39\n"}) {
    proc.write("status", text);
    EXPECT_EQ(proc.procfs().process_of(40).error().message,
              proc.process_path() + "/status: no Tgid");
  }
  pid_t of_thread = 0;
  std::thread([&] { of_thread = **Procfs().process_of(gettid()); }).join();
  EXPECT_EQ(of_thread, getpid());
}

/* A file of more than one read, and one whose length is a whole number of reads. */
TEST(Procfs, ReadsLongFilesOfThreadsToTheirEnd) {
  FakeProc proc({41});
  proc.write(41, "schedstat", "1 2 3\n");
  for (const std::size_t length : {4095U, 4096U, 4097U, 9000U}) {
    const std::string end = "nr_involuntary_switches : 5\n";
    proc.write(41, "sched", std::string(length - end.size() - 1, 'x') + "\n" + end);
    EXPECT_EQ((*proc.procfs().usage(40, 41))->involuntary, 5U) << length;
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
  EXPECT_GE((*stat)->thread.start_time, (*main_stat)->thread.start_time);
  EXPECT_TRUE((*allowed)->cpus.contains((*stat)->processor));
}

} // namespace
