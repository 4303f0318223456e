/*
 * qemu-pin show on running machines: what it prints is what the kernel says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "qemu_pin_program.h"

#include "kernel/procfs.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sched.h>
#include <sstream>
#include <unistd.h>

using namespace std::chrono_literals;
using nlohmann::json;

namespace {

/* What the test itself reads of a thread. */
struct KernelsWord {
  std::string name, cpus;
  int policy, priority;

  bool operator==(const KernelsWord &) const = default;
};

void PrintTo(const KernelsWord &word, std::ostream *out) {
  *out << "'" << word.name << "' on " << word.cpus << " policy " << word.policy << " "
       << word.priority;
}

std::map<pid_t, KernelsWord> kernels_word(pid_t process) {
  std::map<pid_t, KernelsWord> threads;
  const std::string folder = "/proc/" + std::to_string(process) + "/task";
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    const pid_t id = std::stoi(entry.path().filename());
    KernelsWord word;
    word.name = read_text(entry.path() / "comm");
    word.name.resize(word.name.size() - std::min<std::size_t>(word.name.size(), 1));
    std::istringstream status(read_text(entry.path() / "status"));
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("Cpus_allowed_list:\t"))
        word.cpus = line.substr(19);
    sched_param parameter{};
    word.policy = sched_getscheduler(id);
    sched_getparam(id, &parameter);
    word.priority = parameter.sched_priority;
    threads[id] = word;
  }
  return threads;
}

int policy_number(const std::string &name) {
  const std::map<std::string, int> numbers = {{"other", SCHED_OTHER},
                                              {"batch", SCHED_BATCH},
                                              {"idle", SCHED_IDLE},
                                              {"fifo", SCHED_FIFO},
                                              {"rr", SCHED_RR}};
  return numbers.contains(name) ? numbers.at(name) : -1;
}

std::map<pid_t, KernelsWord> in_json(const json &machine) {
  std::map<pid_t, KernelsWord> threads;
  for (const json &thread : machine["threads"])
    threads[thread["id"]] = {thread["name"], thread["cpus"], policy_number(thread["policy"]),
                             thread["priority"]};
  return threads;
}

/* The table's lines, in words; the columns before NAME hold no blank but ROLE's. */
std::map<pid_t, KernelsWord> in_table(const std::string &text) {
  std::map<pid_t, KernelsWord> threads;
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  std::getline(lines, line);
  const std::size_t name_at = line.find("NAME"), thread_at = line.find("THREAD");
  while (std::getline(lines, line)) {
    std::istringstream words(line.substr(thread_at));
    pid_t id = 0;
    std::string cpus, on, policy, priority;
    words >> id >> cpus >> on >> policy >> priority;
    threads[id] = {line.substr(name_at), cpus, policy_number(policy),
                   priority == "-" ? 0 : std::stoi(priority)};
  }
  return threads;
}

/* "vcpu [0]", "iothread io0", "emulator" of each thread of a machine. */
std::map<pid_t, std::string> roles(const json &machine) {
  std::map<pid_t, std::string> found;
  for (const json &thread : machine["threads"]) {
    std::string role = thread["role"];
    if (role == "vcpu")
      role += " " + qemu_pin::json_line(thread["vcpus"]);
    if (role == "iothread")
      role += " " + thread["iothread"].get<std::string>();
    found[thread["id"]] = role;
  }
  return found;
}

class ShowTest : public MachineTest {
protected:
  static json document(const std::vector<std::string> &arguments) {
    std::vector<std::string> all = {"show", "--json"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Ended ended = qemu_pin_program(all);
    EXPECT_EQ(ended.status, 0) << ended.errors;
    const json parsed = qemu_pin::parse_json(ended.output);
    EXPECT_EQ(parsed.is_object() ? parsed["qemu-pin-show"] : json(), 1) << ended.output;
    return parsed;
  }

  /* What the monitor says, that the test holds. */
  static void expect_roles(Guest &guest, const json &machine) {
    auto found = roles(machine);
    auto vcpus = guest.vcpu_threads();
    ASSERT_TRUE(vcpus) << vcpus.error().message;
    for (const auto &[vcpu, thread] : *vcpus) {
      EXPECT_EQ(found[thread], "vcpu [" + std::to_string(vcpu) + "]");
      found.erase(thread);
    }
    auto iothreads = guest.monitor().execute("query-iothreads");
    ASSERT_TRUE(iothreads) << iothreads.error().message;
    for (const json &iothread : *iothreads) {
      EXPECT_EQ(found[iothread["thread-id"]], "iothread " + iothread["id"].get<std::string>());
      found.erase(iothread["thread-id"]);
    }
    EXPECT_EQ(found[guest.pid()], "emulator");
    for (const auto &[thread, role] : found)
      EXPECT_TRUE(role == "emulator" || role == "worker" || role == "kvm" || role == "context")
          << thread << " " << role;
  }
};

const std::vector<std::string> named = {"-name", "guest=win11,debug-threads=on", "-object",
                                        "iothread,id=io0"};

/* Those that can run all vCPUs on one thread. */
class ShowOneThread : public ShowTest {};

TEST_P(ShowTest, TableAndJsonAreWhatTheKernelSays) {
  auto guest = started(spec(named));
  ASSERT_TRUE(guest);
  const pid_t vcpu = (*guest->vcpu_threads())[1];
  cpu_set_t only_a;
  CPU_ZERO(&only_a);
  CPU_SET(std::stoul(a), &only_a);
  ASSERT_EQ(sched_setaffinity(vcpu, sizeof only_a, &only_a), 0);
  sched_param zero{};
  ASSERT_EQ(sched_setscheduler(vcpu, SCHED_BATCH, &zero), 0);

  /* Threads may come late, and go. */
  std::map<pid_t, KernelsWord> expected;
  json shown;
  EXPECT_TRUE(comes_true([&] {
    expected = kernels_word(guest->pid());
    shown = document({pid(*guest)});
    return kernels_word(guest->pid()) == expected;
  }));
  EXPECT_EQ(in_json(shown["machines"][0]), expected);
  EXPECT_EQ(shown["machines"][0]["pid"], guest->pid());
  EXPECT_EQ(shown["machines"][0]["guest"], "win11");
  EXPECT_EQ(shown["machines"][0]["since"], "beginning");
  const Ended table = qemu_pin_program({"show", pid(*guest)});
  EXPECT_EQ(table.status, 0);
  EXPECT_EQ(table.errors, "");
  EXPECT_TRUE(table.output.starts_with("process " + pid(*guest) + " (guest win11), " +
                                       std::to_string(expected.size()) +
                                       " threads, since each thread began\nROLE "))
      << table.output;
  EXPECT_EQ(in_table(table.output), expected) << table.output;
}

TEST_P(ShowTest, RolesAreKnownByTheNamesOfThreads) {
  auto guest = started(spec(named));
  ASSERT_TRUE(guest);
  expect_roles(*guest, document({pid(*guest)})["machines"][0]);
}

TEST_P(ShowTest, RolesAreKnownByTheMonitor) {
  GuestSpec unnamed = spec(monitor_option());
  unnamed.more.insert(unnamed.more.end(), {"-object", "iothread,id=io0"});
  auto guest = started(unnamed);
  ASSERT_TRUE(guest);
  expect_roles(*guest, document({"--qmp", monitor_socket()})["machines"][0]);
  /* Its command line names the socket. */
  expect_roles(*guest, document({pid(*guest)})["machines"][0]);
}

TEST_P(ShowTest, SaysHowRolesCouldBeKnown) {
  auto guest = started(spec({"-name", "win11,debug-threads=off"}));
  ASSERT_TRUE(guest);
  const Ended table = qemu_pin_program({"show", pid(*guest)});
  EXPECT_EQ(table.status, 0);
  EXPECT_NE(table.errors.find("process " + pid(*guest)), std::string::npos) << table.errors;
  EXPECT_NE(table.errors.find("--qmp"), std::string::npos) << table.errors;
  EXPECT_NE(table.output.find("\n?  "), std::string::npos) << table.output;
  EXPECT_EQ(table.output.find("vcpu"), std::string::npos) << table.output;
  EXPECT_EQ(in_table(table.output), kernels_word(guest->pid())) << table.output;
}

TEST_P(ShowOneThread, MayRunAllVcpus) {
  GuestSpec single = spec(monitor_option());
  single.accelerator = "tcg,thread=single";
  single.more.insert(single.more.end(), {"-name", "guest=one,debug-threads=on"});
  auto guest = started(single);
  ASSERT_TRUE(guest);
  const std::string by_monitor = qemu_pin_program({"show", "--qmp", monitor_socket()}).output;
  EXPECT_NE(by_monitor.find("\nvcpus 0-1  "), std::string::npos) << by_monitor;
}

TEST_P(ShowTest, CountsOverTheTimeAskedFor) {
  auto guest = started(spec(named));
  ASSERT_TRUE(guest);
  const auto begin = std::chrono::steady_clock::now();
  const json machine = document({pid(*guest), "--for", "0.5"})["machines"][0];
  const std::chrono::nanoseconds most = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(machine["since"], "look");
  std::int64_t spinning = 0;
  for (const json &thread : machine["threads"]) {
    EXPECT_GE(thread["over_ns"].get<std::int64_t>(), 500'000'000);
    /* The kernel's own count may be a tick ahead. */
    EXPECT_LE(thread["run_ns"].get<std::int64_t>(), most.count() + 20'000'000);
    EXPECT_LE(thread["over_ns"].get<std::int64_t>(), most.count());
    if (thread["role"] == "vcpu")
      spinning += thread["run_ns"].get<std::int64_t>();
  }
  EXPECT_GT(spinning, 0) << qemu_pin::json_line(machine);
  const std::string table = qemu_pin_program({"show", pid(*guest), "--for", "0.2"}).output;
  const std::string before = " threads, over ";
  const std::size_t at = table.find(before);
  ASSERT_NE(at, std::string::npos) << table;
  EXPECT_GE(std::stod(table.substr(at + before.size())), 0.2) << table;
}

TEST_P(ShowTest, CountsWhatAThreadHasHadSinceItBegan) {
  auto guest = started(spec(named));
  ASSERT_TRUE(guest);
  const pid_t vcpu = (*guest->vcpu_threads())[0];
  const auto usage = [&] { return **qemu_pin::Procfs().usage(guest->pid(), vcpu); };
  const auto before = usage();
  const json machine = document({pid(*guest)})["machines"][0];
  const auto after = usage();
  const auto shown = std::ranges::find_if(machine["threads"],
                                          [&](const json &thread) { return thread["id"] == vcpu; });
  ASSERT_NE(shown, machine["threads"].end()) << qemu_pin::json_line(machine);
  const auto count = [&](const char *name) { return (*shown)[name].get<std::uint64_t>(); };
  EXPECT_GE(count("run_ns"), before.run_ns);
  EXPECT_LE(count("run_ns"), after.run_ns);
  EXPECT_GE(count("wait_ns"), before.wait_ns);
  EXPECT_LE(count("wait_ns"), after.wait_ns);
  EXPECT_GE(count("involuntary"), *before.involuntary);
  EXPECT_LE(count("involuntary"), *after.involuntary);
  EXPECT_GE(count("migrations"), *before.migrations);
  EXPECT_LE(count("migrations"), *after.migrations);
  /* It cannot have run for longer than it has been there, bar clocks' ticks. */
  EXPECT_GT(count("over_ns") + 50'000'000, before.run_ns);
}

TEST_P(ShowTest, AllMachinesAreShownEachUnderItsTitle) {
  auto one = started(spec({"-name", "guest=one,debug-threads=on"}));
  auto two = started(spec({"-name", "guest=two,debug-threads=on"}));
  ASSERT_TRUE(one && two);
  const Ended all = qemu_pin_program({"show", "--all"});
  EXPECT_EQ(all.status, 0) << all.errors;
  EXPECT_NE(all.output.find("process " + pid(*one) + " (guest one), "), std::string::npos);
  EXPECT_NE(all.output.find("\n\nprocess " + pid(*two) + " (guest two), "), std::string::npos)
      << all.output;
  const json machines = document({"--all"})["machines"];
  std::map<int, json> by_process;
  for (const json &machine : machines)
    by_process[machine["pid"]] = machine;
  EXPECT_EQ(in_json(by_process[one->pid()]), kernels_word(one->pid()));
  EXPECT_EQ(in_json(by_process[two->pid()]), kernels_word(two->pid()));
}

TEST_P(ShowTest, AMachineIsFoundByItsGuestsName) {
  auto one = started(spec({"-name", "guest=named-one,debug-threads=on"}));
  auto two = started(spec({"-name", "named-two,debug-threads=on"}));
  ASSERT_TRUE(one && two);
  EXPECT_EQ(document({"--name", "named-two"})["machines"][0]["pid"], two->pid());
  EXPECT_EQ(document({"--name", "named-one"})["machines"].size(), 1U);
  auto three = started(spec({"-name", "guest=named-two,debug-threads=on"}));
  ASSERT_TRUE(three);
  const Ended several = qemu_pin_program({"show", "--name", "named-two"});
  EXPECT_EQ(several.status, 2);
  EXPECT_EQ(several.output, "");
  EXPECT_NE(several.errors.find("There are 2: "), std::string::npos) << several.errors;
}

TEST_P(ShowTest, AMachineThatEndsBetweenTwoLooksIsTrouble) {
  auto guest = started(spec(named));
  ASSERT_TRUE(guest);
  const std::string process = pid(*guest);
  auto show =
      Child::start({{QEMU_PIN, "show", "--for", "10000", process}, "", files->file("errors")});
  ASSERT_TRUE(show);
  /* After its first look. */
  ASSERT_TRUE(comes_true([&] { return waits_for_a_process(show->pid()); }));
  guest.reset();
  EXPECT_EQ(show->wait(), 2);
  EXPECT_EQ(read_text(files->file("errors")),
            "qemu-pin: process " + process + " (guest win11) has ended\n");
}

INSTANTIATE_TEST_SUITE_P(Show, ShowTest, testing::ValuesIn(qemus()), qemu_name);
INSTANTIATE_TEST_SUITE_P(Show, ShowOneThread, testing::ValuesIn(with_accelerator(qemus(), "tcg")),
                         qemu_name);

Ended show(const std::vector<std::string> &arguments) {
  std::vector<std::string> all = {"show"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return qemu_pin_program(all);
}

TEST(ShowArguments, AProcessThatIsNoQemuIsRefused) {
  const Ended ended = show({std::to_string(getpid())});
  EXPECT_EQ(ended.status, 2);
  EXPECT_EQ(ended.output, "");
  EXPECT_TRUE(ended.errors.starts_with("qemu-pin: process " + std::to_string(getpid()) +
                                       " is not a QEMU (it runs /"))
      << ended.errors;
}

/* A flag's value is behind '=' only; what follows it is the process: one above the kernel's largest
 * (PID_MAX_LIMIT). */
TEST(ShowArguments, AWatchTakesNoProcessForItsTime) {
  for (const std::vector<std::string> &arguments : {std::vector<std::string>{"--watch", "4194305"},
                                                    {"--watch=2", "4194305"},
                                                    {"4194305", "--watch"}}) {
    const Ended ended = show(arguments);
    EXPECT_EQ(ended.status, 2);
    EXPECT_NE(ended.errors.find("process 4194305"), std::string::npos) << ended.errors;
  }
}

TEST(ShowArguments, ATimeThatIsNoneIsRefused) {
  for (const std::string time : {"0", "-1", "1s", "x", "nan", "inf", "1e99", "0.001", "1 "})
    for (const std::string option : {"--watch", "--for"}) {
      const Ended ended = show({option + "=" + time, "4194305"});
      EXPECT_EQ(ended.status, 2);
      EXPECT_TRUE(ended.errors.starts_with("qemu-pin: " + option + " " + time + ": "))
          << ended.errors;
    }
}

TEST(ShowArguments, NoMachineAtAllIsNoTrouble) {
  const Ended ended = show({"--all"});
  if (ended.output.find("process ") != std::string::npos)
    GTEST_SKIP() << "a QEMU that is not ours runs here";
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.output, "no QEMU runs here\n");
  EXPECT_EQ(qemu_pin::parse_json(show({"--all", "--json"}).output)["machines"], json::array());
}

} // namespace
