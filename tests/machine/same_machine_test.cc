/*
 * The distribution's QEMU by `qemu-pin run`, and the patched one with the same options,
 * are the same machine to show and to verify.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "kernel/procfs.h"
#include "qemu_pin_program.h"

#include <set>

using namespace std::chrono_literals;

namespace {

/* Each on the distribution's QEMU; the patched ones are compared with it. */
class SameMachine : public MachineTest {
protected:
  std::vector<std::string> options() const {
    return {"-name",        "same,debug-threads=on",
            "-object",      "iothread,id=io0",
            "-vcpu",        "0,affinity=" + b,
            "-vcpu",        "1,affinity=" + a,
            "-iothreadpin", "io0,affinity=" + a,
            "-emulatorpin", "affinity=" + a + ",affinity=" + b};
  }

  /* QEMU's process: of itself, or of qemu-pin's child. */
  static pid_t qemu_of(Guest &guest) {
    auto threads = guest.vcpu_threads();
    auto process = threads && !threads->empty()
                       ? qemu_pin::Procfs().process_of(threads->begin()->second)
                       : qemu_pin::Result<std::optional<pid_t>>(std::optional<pid_t>());
    return process && *process ? **process : 0;
  }

  /* What show says: role, CPUs, policy of each thread, but for QEMU's own helpers, which
   * are as many as a version of QEMU makes. */
  static std::multiset<std::string> shown(pid_t process) {
    const Ended show = qemu_pin_program({"show", "--json", std::to_string(process)});
    EXPECT_EQ(show.status, 0) << show.errors;
    std::multiset<std::string> threads;
    std::set<std::string> others;
    const auto document = qemu_pin::parse_json(show.output);
    if (!document.is_object())
      return {"no JSON"};
    for (const auto &thread : document["machines"][0]["threads"]) {
      std::string text = thread["role"];
      if (thread.contains("vcpus"))
        text += " " + qemu_pin::json_line(thread["vcpus"]);
      if (thread.contains("iothread"))
        text += " " + thread["iothread"].get<std::string>();
      text += ": " + thread["cpus"].get<std::string>() + " " + thread["policy"].get<std::string>();
      if (thread["role"] == "emulator")
        others.insert(text);
      else
        threads.insert(text);
    }
    threads.insert(others.begin(), others.end());
    return threads;
  }
};

TEST_P(SameMachine, IsShownAndVerifiedAlike) {
  GuestSpec by_run = spec(options());
  by_run.prefix = {QEMU_PIN, "run", "--"};
  std::optional<std::multiset<std::string>> first;
  std::size_t compared = 0;
  for (const Qemu &qemu : qemus()) {
    if (qemu.path.empty() || qemu.accelerator != GetParam().accelerator)
      continue;
    GuestSpec one = qemu.patched ? spec(options()) : by_run;
    one.qemu = qemu.path;
    auto guest = started(one);
    ASSERT_TRUE(guest) << qemu;
    const std::string process = std::to_string(qemu_of(*guest));
    const Ended verified = qemu_pin_program({"verify", "--for", "0.2", process});
    EXPECT_EQ(verified.status, 0) << qemu << verified.output << verified.errors;
    const std::multiset<std::string> threads = shown(qemu_of(*guest));
    if (!first)
      first = threads;
    EXPECT_EQ(threads, *first) << qemu;
    ++compared;
    EXPECT_TRUE(threads.contains("vcpu [0]: " + b + " other"));

    auto vcpus = guest->vcpu_threads();
    ASSERT_TRUE(vcpus);
    const std::string thread = std::to_string(vcpus->at(1));
    ASSERT_EQ(run_program({"taskset", "-p", "-c", b, thread}).status, 0);
    const Ended moved = qemu_pin_program({"verify", "-q", process});
    EXPECT_EQ(moved.status, 1) << qemu;
    EXPECT_TRUE(moved.output.starts_with("vcpu 1 (thread " + thread + "): ")) << moved.output;
  }
  if (compared < 2)
    GTEST_SKIP() << "there is one QEMU only, and none to compare it with";
}

INSTANTIATE_TEST_SUITE_P(Machine, SameMachine, testing::ValuesIn(stock_qemus()), qemu_name);

} // namespace
